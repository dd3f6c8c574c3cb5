"""Two who take the same or rival files over at once, and an undo against whoever needs its people; with twins that show the race."""

from datetime import date
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError

from partyschool.accounts.enums import Role
from partyschool.common.errors import DomainError
from tests.concurrency.rivals import Gate, compete
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import OfferingFactory
from tests.factories.imports import person, workbook
from tests.factories.trainees import CadreFactory
from trainees.enums import EnrolmentState, ImportState
from trainees.models import Cadre, CadreImport, Enrolment, Posting
from trainees.services import import_commits
from trainees.services.enrolments import enrol_cadre
from trainees.services.import_commits import (
    NotCommittable,
    NotUndoable,
    RegisterChanged,
    commit_import,
    undo_import,
)
from trainees.services.imports import check_import, hand_in_file

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
DAY = date(2025, 6, 2)


@pytest.fixture
def staff() -> Any:
    return make_user(Role.STAFF)


def checked(rows: list[dict[str, Any]], by: Any) -> CadreImport:
    found = hand_in_file(name="花名册.xlsx", content=workbook(rows), unit_id=None, effective_on=DAY, by=by)
    found = check_import(import_id=found.pk, by=by)
    assert found.state == ImportState.READY
    return found


def outcomes(results: list[Any]) -> list[str]:
    return sorted(type(one).__name__ for one in results)


def test_one_import_pressed_twice_is_taken_over_once(staff):
    unit = make_unit(code="U0001")
    found = checked([person(index, "U0001") for index in range(20)], staff)
    results = compete([partial(commit_import, import_id=found.pk, by=staff)] * 4, at_once=4)
    assert outcomes(results) == ["CadreImport", *[NotCommittable.__name__] * 3]
    assert Cadre.objects.filter(unit=unit).unscoped("tests").count() == 20


def test_the_same_file_checked_twice_is_taken_over_once(staff):
    make_unit(code="U0001")
    rows = [person(index, "U0001") for index in range(20)]
    calls = [partial(commit_import, import_id=checked(rows, staff).pk, by=staff) for _each in range(3)]
    assert outcomes(compete(calls, at_once=3)) == ["CadreImport", *[RegisterChanged.__name__] * 2]
    assert Cadre.objects.unscoped("tests").count() == 20
    assert Posting.objects.unscoped("tests").count() == 20


def test_of_two_rival_files_one_wins_and_nothing_is_mixed(staff):
    for code in ("U0001", "U0002"):
        make_unit(code=code)
    known = CadreFactory(
        code="N000000", unit=make_unit(code="U0003"), post="科员", posted_on=date(2024, 3, 1)
    )
    rivals = []
    for number, code in enumerate(("U0001", "U0002"), 1):
        rows = [person(0, code, citizen_no="", posted_on=DAY)] + [
            person(100 * number + index, code) for index in range(5)
        ]
        rivals.append(partial(commit_import, import_id=checked(rows, staff).pk, by=staff))
    assert outcomes(compete(rivals, at_once=2)) == ["CadreImport", RegisterChanged.__name__]
    known.refresh_from_db()
    people = Cadre.objects.exclude(pk=known.pk).unscoped("tests")
    assert set(people.values_list("unit__code", flat=True)) == {known.unit.code}
    assert people.count() == 5


def _behind_the_comparison(monkeypatch: Any, rivals: int) -> None:
    """Both have compared their file with the register before either writes."""
    monkeypatch.setattr(import_commits, "plan_import", Gate(rivals).wrap(import_commits.plan_import))


def _without_locks(monkeypatch: Any) -> None:
    monkeypatch.setattr(import_commits, "_lock_register", lambda *_args: None)


def test_a_rival_that_compares_later_sees_what_the_first_wrote(monkeypatch, staff):
    """The locks make the gate run out: the second comes to it only when the first is through."""
    make_unit(code="U0001")
    cadre = CadreFactory(
        code="N000001", unit=make_unit(code="U0009"), post="科员", posted_on=date(2024, 3, 1)
    )
    rivals = [
        partial(
            commit_import,
            import_id=checked([person(1, "U0001", citizen_no="", post=post, posted_on=DAY)], staff).pk,
            by=staff,
        )
        for post in ("甲", "乙")
    ]
    _behind_the_comparison(monkeypatch, 2)
    assert outcomes(compete(rivals, at_once=2)) == ["CadreImport", RegisterChanged.__name__]
    assert Posting.objects.filter(cadre=cadre).unscoped("tests").count() == 2


def test_twin_without_the_locks_writes_both_over_each_other(monkeypatch, staff):
    make_unit(code="U0001")
    cadre = CadreFactory(
        code="N000001", unit=make_unit(code="U0009"), post="科员", posted_on=date(2024, 3, 1)
    )
    rivals = [
        partial(
            commit_import,
            import_id=checked([person(1, "U0001", citizen_no="", post=post, posted_on=DAY)], staff).pk,
            by=staff,
        )
        for post in ("甲", "乙")
    ]
    _without_locks(monkeypatch)
    _behind_the_comparison(monkeypatch, 2)
    assert outcomes(compete(rivals, at_once=2)) == ["CadreImport", "CadreImport"]
    cadre.refresh_from_db()
    assert cadre.post in {"甲", "乙"}


def test_an_edit_of_the_register_and_a_commit_come_one_after_the_other(staff):
    make_unit(code="U0001")
    cadre = CadreFactory(
        code="N000001", unit=make_unit(code="U0009"), post="科员", posted_on=date(2024, 3, 1)
    )
    found = checked([person(1, "U0001", citizen_no="", posted_on=DAY)], staff)

    def edit() -> str:
        Cadre.objects.filter(pk=cadre.pk).unscoped("an edit").update(term_until=date(2030, 1, 1))
        return "edited"

    compete([partial(commit_import, import_id=found.pk, by=staff), edit], at_once=2)
    cadre.refresh_from_db()
    assert cadre.term_until == date(2030, 1, 1)


def test_an_undo_and_an_enrolment_never_leave_half_of_each(staff):
    make_unit(code="U0001")
    for attempt in range(4):
        found = commit_import(import_id=checked([person(attempt, "U0001")], staff).pk, by=staff)
        cadre = Cadre.objects.unscoped("tests").get(code=f"N{attempt:06d}")
        offering = OfferingFactory(state="published", capacity=5)
        enrol = partial(enrol_cadre, offering_id=offering.pk, cadre_id=cadre.pk, by=staff)
        undone, enrolled = compete([partial(undo_import, import_id=found.pk, by=staff), enrol], at_once=2)
        alive = Cadre.objects.filter(pk=cadre.pk).unscoped("tests").exists()
        seated = (
            Enrolment.objects.filter(offering=offering, state=EnrolmentState.ENROLLED)
            .unscoped("tests")
            .count()
        )
        assert (alive, seated) in {(True, 1), (False, 0)}
        assert isinstance(undone, NotUndoable) == alive
        assert isinstance(enrolled, DomainError) != alive


def test_an_undo_pressed_twice_is_done_once(staff):
    make_unit(code="U0001")
    found = commit_import(import_id=checked([person(1, "U0001")], staff).pk, by=staff)
    results = compete([partial(undo_import, import_id=found.pk, by=staff)] * 3, at_once=3)
    assert outcomes(results) == ["CadreImport", *[NotUndoable.__name__] * 2]
    assert not Cadre.objects.unscoped("tests").exists()


def test_the_database_itself_takes_nobody_in_twice(staff):
    unit = make_unit(code="U0001")
    CadreFactory(code="N000001", unit=unit)
    with pytest.raises(IntegrityError):
        CadreFactory(code="N000001", unit=unit)
