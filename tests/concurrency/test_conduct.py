"""Scores, submission, moderation and release of one sheet hold against each other; each guard's twin shows the race when it is off."""

from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError

from courses.enums import OfferingKind
from partyschool.common.locking import violated_constraint
from tests.concurrency.rivals import Gate, compete
from tests.factories.conduct import AssessedClass
from tests.factories.courses import OfferingFactory
from trainees.models import ConductChange, ConductScore, ConductSheet
from trainees.services import conduct, conduct_moderation
from trainees.services.conduct import AlreadyOpened, Entry, open_sheet, save_scores, submit_sheet
from trainees.services.conduct_moderation import moderate_score, release_sheet, return_sheet
from trainees.services.conduct_sheets import SheetClosed

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def assessed() -> AssessedClass:
    return AssessedClass()


def told(call: Any) -> Any:
    """`call`, answering with the rule of the database where that alone stopped it."""

    def run() -> Any:
        try:
            return call()
        except IntegrityError as error:
            return violated_constraint(error)

    return run


def unlocked(sheet_id: int) -> ConductSheet:
    return ConductSheet.objects.get(pk=sheet_id)


def scores() -> list[ConductScore]:
    return list(ConductScore.objects.unscoped("tests").order_by("pk"))


# --- scoring and submission --------------------------------------------------------------------------------------------------------------


def _score_during_submission(monkeypatch: Any, assessed: AssessedClass) -> list[Any]:
    """A score is cleared while the sheet, complete so far, is being submitted: both have looked before either writes."""
    assessed.score()
    gate = Gate(2)
    monkeypatch.setattr(conduct, "require_complete", gate.wrap(conduct.require_complete))
    monkeypatch.setattr(conduct, "_check", gate.wrap(conduct._check))
    clear = {assessed.places[0].pk: Entry({"attitude": None})}
    return compete(
        [
            told(partial(submit_sheet, sheet_id=assessed.sheet.pk, by=assessed.teacher)),
            told(partial(save_scores, sheet_id=assessed.sheet.pk, entries=clear, by=assessed.teacher)),
        ]
    )


def test_a_score_and_the_submission_follow_each_other(monkeypatch, assessed):
    outcomes = _score_during_submission(monkeypatch, assessed)
    submitted = ConductSheet.objects.get().state == "submitted"
    assert submitted == (scores()[0].attitude == 90)
    assert [isinstance(one, Exception) for one in outcomes].count(True) == 1


def test_twin_without_the_lock_submits_a_sheet_with_a_gap(monkeypatch, assessed):
    monkeypatch.setattr(conduct, "locked_sheet", unlocked)
    outcomes = _score_during_submission(monkeypatch, assessed)
    # Either the gap is submitted, or the database alone refuses the late score.
    gap = ConductSheet.objects.get().state == "submitted" and scores()[0].attitude is None
    assert gap or "trainees_conductscore_moderated_tg" in outcomes


def test_two_windows_do_not_overwrite_each_other(assessed):
    place = assessed.places[0].pk
    calls = [
        partial(
            save_scores,
            sheet_id=assessed.sheet.pk,
            entries={place: Entry({"attitude": value}, seen="")},
            by=assessed.teacher,
        )
        for value in (80, 90)
    ]
    outcomes = compete(calls)
    assert sorted(type(one).__name__ for one in outcomes) == ["ScoredMeanwhile", "int"]


def test_a_class_is_opened_once(assessed):
    offering = OfferingFactory(
        kind=OfferingKind.MAIN_CLASS, lead_teacher=assessed.offering.lead_teacher, year=assessed.weights.year
    )
    calls = [partial(open_sheet, offering_id=offering.pk, by=assessed.staff) for _each in range(4)]
    outcomes = compete(calls)
    assert [type(one) for one in outcomes].count(AlreadyOpened) == 3
    assert ConductSheet.objects.filter(offering=offering).count() == 1


# --- moderation and release --------------------------------------------------------------------------------------------------------------


def _moderation_during_release(monkeypatch: Any, assessed: AssessedClass) -> list[Any]:
    """A score changes while totals are being worked out: both have read before either writes."""
    assessed.submit()
    gate = Gate(2)
    monkeypatch.setattr(
        conduct_moderation, "require_complete", gate.wrap(conduct_moderation.require_complete)
    )
    monkeypatch.setattr(conduct_moderation, "require_score", gate.wrap(conduct_moderation.require_score))
    change = partial(
        moderate_score,
        score_id=scores()[0].pk,
        dimension="attitude",
        value=20,
        reason="与考勤不符",
        by=assessed.staff,
    )
    release = partial(release_sheet, sheet_id=assessed.sheet.pk, by=assessed.staff)
    return compete([told(release), told(change)])


def test_a_release_counts_the_change_or_refuses_it(monkeypatch, assessed):
    outcomes = _moderation_during_release(monkeypatch, assessed)
    first = scores()[0]
    assert ConductSheet.objects.get().state == "released"
    if isinstance(outcomes[1], SheetClosed):
        assert (first.attitude, first.total) == (90, Decimal("85.50"))
    else:
        assert isinstance(outcomes[1], ConductChange)
        assert (first.attitude, first.total) == (20, Decimal("57.50"))


def test_twin_without_the_lock_is_stopped_by_the_database_alone(monkeypatch, assessed):
    monkeypatch.setattr(conduct_moderation, "locked_sheet", unlocked)
    outcomes = _moderation_during_release(monkeypatch, assessed)
    assert {
        "trainees_conductsheet_totals_tg",
        "trainees_conductscore_moderated_tg",
        "trainees_conductscore_released_tg",
        "busy",
    } & {getattr(one, "code", one) for one in outcomes if isinstance(one, str | Exception)}


def test_release_and_return_end_in_one_of_both(assessed):
    assessed.submit()
    outcomes = compete(
        [
            partial(release_sheet, sheet_id=assessed.sheet.pk, by=assessed.staff),
            partial(return_sheet, sheet_id=assessed.sheet.pk, reason="请补评语", by=assessed.staff),
        ]
    )
    assert [type(one) for one in outcomes].count(SheetClosed) == 1
    released = isinstance(outcomes[0], ConductSheet)
    assert ConductSheet.objects.get().state == ("released" if released else "open")
    assert [score.total is not None for score in scores()] == [released] * 3
