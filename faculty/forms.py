from faculty.models import Teacher
from partyschool.common.forms import LoginNameForm


class TeacherForm(LoginNameForm):
    class Meta:
        model = Teacher
        fields = [
            "code",
            "name",
            "employment",
            "background",
            "title",
            "title_level",
            "field",
            "honour",
            "joined_on",
            "left_on",
        ]
