"""What the school does with a submitted conduct assessment: change single scores with the reason, return it, release it."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, NotFound, Stale, WrongState
from partyschool.common.locking import locking_transaction
from partyschool.common.plaintext import single_line
from partyschool.notices.services.notices import send_notice
from trainees.enums import ConductGrade, ConductState
from trainees.models import ConductChange, ConductScore, ConductSheet, Enrolment
from trainees.rules.conduct import Marking, dimension_scores

from .conduct_sheets import (
    locked_sheet,
    require_complete,
    require_move,
    require_score,
    tell_class_teacher,
)

LEAST_REASON = 4
REASON_MOST = ConductChange._meta.get_field("reason").max_length or 0


class ModerationReasonMissing(InvalidInput):
    """A score is changed, and a sheet returned, with a reason only."""

    code = "moderation_reason_missing"
    title = gettext_lazy("Please say why")
    remedy = gettext_lazy("Write at least four characters; the reason is kept.")


class NothingChanged(InvalidInput):
    """The score has that value already."""

    code = "nothing_changed"
    title = gettext_lazy("Nothing would change")
    remedy = gettext_lazy("Enter another score.")


class SecondPerson(WrongState):
    """Whoever submitted a sheet does not release it."""

    code = "second_person"
    title = gettext_lazy("A second person has to release this assessment")
    remedy = gettext_lazy("Ask a colleague of the academic affairs office to release it.")


def moderate_score(
    *,
    score_id: int,
    dimension: str,
    value: int,
    reason: str,
    by: User,
    seen: int | None = None,
    now: datetime | None = None,
) -> ConductChange:
    """Change one score of a submitted sheet for `reason` (four characters or more); what it was is kept.

    `seen` is the score that the form showed. Raises `NotFound`, `ModerationReasonMissing`, `SheetClosed`, `ScoreOutOfRange`,
    `NothingChanged`, `Stale`, `Busy`.
    Concurrency: locks the sheet row, so that a release counts the change or refuses it.
    """
    now = now or clock.now()
    reason = _given(reason)
    sheet_id = ConductScore.objects.filter(pk=score_id).unscoped("moderation").values_list("sheet").first()
    if sheet_id is None:
        raise NotFound(_("There is no such score."))
    with locking_transaction():
        sheet = locked_sheet(sheet_id[0])
        require_move(sheet, ConductState.RELEASED)
        require_score(Marking.of(sheet.weights), dimension, value)
        score = ConductScore.objects.unscoped("moderation").get(pk=score_id)
        before = getattr(score, dimension)
        if seen is not None and seen != before:
            raise Stale(_("The score is %(score)s now.") % {"score": before})
        if before == value:
            raise NothingChanged(_("The score is %(score)s already.") % {"score": value})
        change = ConductChange.objects.create(
            score=score,
            dimension=dimension,
            before=before,
            after=value,
            reason=reason,
            made_at=now,
            made_by=by,
        )
        setattr(score, dimension, value)
        score.save(update_fields=[dimension])
        data = {"enrolment": score.enrolment_id, "dimension": dimension, "before": before, "after": value}
        record_event(
            action="conduct.moderate", subject=sheet, by=by, data={**data, "reason": reason}, now=now
        )
    return change


def return_sheet(*, sheet_id: int, reason: str, by: User, now: datetime | None = None) -> ConductSheet:
    """Give a submitted sheet back to the class teacher, who is told why.

    Raises `NotFound`, `ModerationReasonMissing`, `SheetClosed`, `Busy`. Concurrency: locks the sheet row.
    """
    now = now or clock.now()
    reason = _given(reason)
    with locking_transaction():
        sheet = locked_sheet(sheet_id)
        require_move(sheet, ConductState.OPEN)
        sheet.state, sheet.returned_for = ConductState.OPEN, reason
        sheet.submitted_at = sheet.submitted_by = None
        sheet.save(update_fields=["state", "returned_for", "submitted_at", "submitted_by"])
        record_event(action="conduct.return", subject=sheet, by=by, data={"reason": reason}, now=now)
        tell_class_teacher(
            sheet,
            event=f"return:{now:%Y%m%d%H%M%S%f}",
            title=gettext_noop("The conduct assessment of “%(title)s” was returned to you"),
            body=reason,
        )
    return sheet


def release_sheet(*, sheet_id: int, by: User, now: datetime | None = None) -> ConductSheet:
    """Release a submitted sheet: totals and grades are stored, nothing moves any more, the cadres are told.

    Raises `NotFound`, `SheetClosed`, `SecondPerson`, `Unscored`, `Busy`.
    Concurrency: locks the sheet row, then shares the weights (trigger); scores are read behind the lock.
    """
    now = now or clock.now()
    with locking_transaction():
        sheet = locked_sheet(sheet_id)
        require_move(sheet, ConductState.RELEASED)
        if sheet.submitted_by_id == by.pk:
            raise SecondPerson(sheet.offering.title)
        marking = Marking.of(sheet.weights)
        scores = list(require_complete(sheet).values())
        for score in scores:
            score.total = marking.total(dimension_scores(score))
            score.grade = marking.grade(score.total) if score.total is not None else ""
        ConductScore.objects.unscoped("release").bulk_update(scores, ["total", "grade"], batch_size=200)
        sheet.state, sheet.released_at, sheet.released_by = ConductState.RELEASED, now, by
        sheet.save(update_fields=["state", "released_at", "released_by"])
        data = {grade.value: sum(score.grade == grade for score in scores) for grade in ConductGrade}
        record_event(action="conduct.release", subject=sheet, by=by, data=data, now=now)
        _tell_cadres(sheet, scores)
    return sheet


def _given(reason: str) -> str:
    reason = single_line(reason)
    if len(reason) < LEAST_REASON:
        raise ModerationReasonMissing
    if len(reason) > REASON_MOST:
        raise InvalidInput(_("The reason has more than %(most)s characters.") % {"most": REASON_MOST})
    return reason


def _tell_cadres(sheet: ConductSheet, scores: list[ConductScore]) -> None:
    by_place = {score.enrolment_id: score for score in scores}
    places = Enrolment.objects.filter(pk__in=by_place, cadre__user__isnull=False)
    with translation.override(settings.LANGUAGE_CODE):
        for place in places.unscoped("telling the trainees").select_related("cadre__user").order_by("pk"):
            score = by_place[place.pk]
            send_notice(
                recipients=[place.cadre.user],
                event=f"conduct.release:{sheet.pk}",
                title=_("Conduct assessed: %(title)s") % {"title": sheet.offering.title[:80]},
                body=_("Your total is %(total)s, the grade “%(grade)s”.")
                % {"total": number_format(score.total or 0), "grade": score.get_grade_display()},
                url=reverse("trainees:own_record") + "#conduct",
            )
