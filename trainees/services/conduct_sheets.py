"""What scoring, moderation and release share: the sheet behind its lock, what is scored, who is missing."""

from collections.abc import Mapping

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partyschool.accounts.models import User
from partyschool.common.errors import InvalidInput, NotFound, WrongState
from partyschool.common.locking import lock_row
from partyschool.notices.services.notices import send_notice
from trainees.enums import ROSTER_STATES
from trainees.models import ConductScore, ConductSheet, Enrolment
from trainees.rules.conduct import MOST, Marking, dimension_scores
from trainees.rules.moves import CONDUCT_MOVES, may_move

NAMES_MOST = 5


class SheetClosed(WrongState):
    """Scores are entered while the sheet is with the class teacher, changed by moderation afterwards, and stand once released."""

    code = "sheet_closed"
    title = gettext_lazy("This is not possible in the present state of the assessment")
    remedy = gettext_lazy(
        "Scores are entered while the sheet is with the class teacher, and changed by the academic affairs office after submission."
    )


class Unscored(WrongState):
    """Somebody on the roster still lacks a score."""

    code = "unscored"
    title = gettext_lazy("Not everybody has been scored")
    remedy = gettext_lazy("Enter the missing scores, then go on.")


class ScoreOutOfRange(InvalidInput):
    """A score that is no whole number from 0 to 100, or for a dimension that the year does not use."""

    code = "score_out_of_range"
    title = gettext_lazy("A score is a whole number from 0 to 100")


def locked_sheet(sheet_id: int) -> ConductSheet:
    """The sheet, locked against other writers and freshly read. Raises `NotFound`."""
    try:
        return lock_row(ConductSheet, sheet_id)
    except ConductSheet.DoesNotExist as error:
        raise NotFound(_("There is no such conduct assessment.")) from error


def require_move(sheet: ConductSheet, after: str) -> None:
    """Raises `SheetClosed` if the sheet may not go to state `after` from where it is."""
    if not may_move(CONDUCT_MOVES, sheet.state, after):
        raise SheetClosed(
            _("“%(title)s” is in state “%(state)s”.")
            % {"title": sheet.offering.title, "state": sheet.get_state_display()}
        )


def scores_of(sheet: ConductSheet) -> dict[int, ConductScore]:
    """The stored scores by enrolment id."""
    stored = ConductScore.objects.filter(sheet=sheet).unscoped("the sheet is being worked on")
    return {score.enrolment_id: score for score in stored}


def require_score(marking: Marking, dimension: str, value: int | None) -> None:
    """Raises `ScoreOutOfRange` unless the year uses `dimension` and `value` is 0–100 (or None)."""
    if dimension not in marking.used:
        raise ScoreOutOfRange(_("The year does not score “%(dimension)s”.") % {"dimension": dimension})
    if value is not None and not 0 <= value <= MOST:
        raise ScoreOutOfRange(_("%(score)s is not a score.") % {"score": value})


def require_complete(sheet: ConductSheet) -> Mapping[int, ConductScore]:
    """The scores of everybody on the roster by enrolment id. Raises `Unscored` with the first names."""
    marking, stored = Marking.of(sheet.weights), scores_of(sheet)
    roster = Enrolment.objects.filter(offering=sheet.offering_id, state__in=ROSTER_STATES)
    roster = roster.unscoped("who must have a score").select_related("cadre").order_by("cadre__name", "pk")
    people = list(roster)
    missing = [one for one in people if marking.unscored(dimension_scores(stored.get(one.pk)))]
    if missing or not people:
        raise Unscored(_missing_text(missing))
    return {one.pk: stored[one.pk] for one in people}


def _missing_text(missing: list[Enrolment]) -> str:
    if not missing:
        return _("Nobody is on the roster of this class.")
    names = _(", ").join(one.cadre.name for one in missing[:NAMES_MOST])
    text = ngettext(
        "%(number)s person lacks a score: %(names)s.",
        "%(number)s people lack a score: %(names)s.",
        len(missing),
    )
    return text % {"number": len(missing), "names": names + ("…" if len(missing) > NAMES_MOST else "")}


def tell_class_teacher(sheet: ConductSheet, *, event: str, title: str, body: str = "") -> None:
    """One notice to the class teacher's account; `title` is a msgid with `%(title)s` for the class."""
    teacher = sheet.offering.lead_teacher
    user: User | None = teacher.user if teacher else None
    if user is None:
        return
    with translation.override(settings.LANGUAGE_CODE):
        send_notice(
            recipients=[user],
            event=f"conduct.{event}:{sheet.pk}",
            title=_(title) % {"title": sheet.offering.title[:80]},
            body=body,
            url=reverse("trainees:conduct_sheet", args=[sheet.pk]),
        )
