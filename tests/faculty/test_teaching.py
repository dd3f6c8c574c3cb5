"""Lessons taught become entries once; what was wrong is taken back with a reason."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from faculty.models import TeachingEntry
from faculty.services.teaching import InvalidReversal, LessonTaught, post_lessons, reverse_teaching
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common.errors import NotFound
from partyschool.common.ledger import AlreadyReversed, total
from tests.factories.accounts import make_user
from tests.factories.faculty import TeacherFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return make_user(Role.STAFF)


def entries():
    return TeachingEntry.objects.unscoped("test")


def taught(lesson_id, teacher, **fields):
    facts = {"taught_on": date(2025, 6, 2), "hours": Decimal("4.5"), "subject": "党史"}
    return LessonTaught(lesson_id=lesson_id, teacher_id=teacher.pk, **(facts | fields))


def test_each_lesson_is_one_entry_of_its_own_year(staff):
    teacher = TeacherFactory()
    lessons = [taught(1, teacher), taught(2, teacher, taught_on=date(2026, 1, 5), hours=Decimal(3))]
    assert post_lessons(lessons=lessons, by=staff) == 2
    rows = entries().order_by("pk").values_list("source_kind", "source_ref", "year", "amount", "teacher")
    assert list(rows) == [
        ("lesson", "1", 2025, Decimal("4.5"), teacher.pk),
        ("lesson", "2", 2026, Decimal(3), teacher.pk),
    ]


def test_a_lesson_is_posted_once_whoever_taught_it(staff):
    post_lessons(lessons=[taught(1, TeacherFactory())], by=staff)
    with pytest.raises(IntegrityError, match="faculty_teachingentry_source_uq"), transaction.atomic():
        post_lessons(lessons=[taught(2, TeacherFactory()), taught(1, TeacherFactory())], by=staff)
    assert entries().count() == 1


def test_a_reversal_takes_all_hours_back_and_is_on_record(staff):
    post_lessons(lessons=[taught(1, TeacherFactory())], by=staff)
    entry = entries().get()
    reversal = reverse_teaching(entry_id=entry.pk, reason=" 换了教师 ", by=staff)
    assert (reversal.amount, reversal.reverses, reversal.note) == (Decimal("-4.5"), entry, "换了教师")
    assert total(entries()) == 0
    with pytest.raises(AlreadyReversed):
        reverse_teaching(entry_id=entry.pk, reason="又一次", by=staff)
    with pytest.raises(AlreadyReversed):
        reverse_teaching(entry_id=reversal.pk, reason="冲销冲销", by=staff)
    assert AuditEvent.objects.unscoped("test").filter(action="teaching.reverse").count() == 1


def test_a_reversal_needs_a_reason_and_an_entry(staff):
    post_lessons(lessons=[taught(1, TeacherFactory())], by=staff)
    with pytest.raises(InvalidReversal):
        reverse_teaching(entry_id=entries().get().pk, reason="  ", by=staff)
    with pytest.raises(NotFound):
        reverse_teaching(entry_id=0, reason="换了教师", by=staff)
    assert entries().count() == 1
