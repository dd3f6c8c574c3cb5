from datetime import date

import factory
from factory.django import DjangoModelFactory

from faculty.enums import Background, Employment
from faculty.models import Teacher


class TeacherFactory(DjangoModelFactory):
    class Meta:
        model = Teacher

    code = factory.Sequence(lambda n: f"T{n:04}")
    name = factory.Sequence(lambda n: f"教师{n}")
    employment = Employment.FULL_TIME
    background = Background.SCHOOL
    joined_on = date(2020, 1, 1)
