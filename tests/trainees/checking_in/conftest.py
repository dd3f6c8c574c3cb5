"""A morning at the school with a lesson, one who checks in by phone and one who keeps the roll."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.admin.clients import logged_in
from tests.factories.accounts import City, make_user
from tests.factories.check_ins import (
    lesson_at,
    trainee_at,
)
from tests.factories.faculty import TeacherFactory


@pytest.fixture(autouse=True)
def morning():
    """A morning at the school, whenever the tests run: what is a day, and what a half-day, hangs on it."""
    with time_machine.travel(
        datetime(2025, 6, 2, 8, 30, tzinfo=ZoneInfo("Asia/Shanghai")), tick=True
    ) as clock_hand:
        yield clock_hand


@pytest.fixture
def lesson():
    """A lesson that begins in a minute, of a class that a teacher leads."""
    teacher = TeacherFactory(user=make_user(Role.TEACHER))
    lesson = lesson_at(clock.now() + timedelta(minutes=1))
    lesson.teacher = teacher
    lesson.save()
    return lesson


@pytest.fixture
def cadre(lesson):
    return trainee_at(lesson, name="签到学员")


@pytest.fixture
def phone(cadre):
    return logged_in(cadre.user)


@pytest.fixture
def keeper(lesson):
    return logged_in(lesson.teacher.user)


@pytest.fixture
def city():
    return City()
