"""The life of an assessment year: in preview, open to objections, sealed."""

from collections.abc import Collection
from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from courses.models import Offering
from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import WrongState
from partyschool.common.locking import locking_transaction
from partyschool.jobs.services.jobs import start_job
from trainees.enums import FigureCode, ObjectionState, SchemeState, YearState
from trainees.models import AssessmentObjection, AssessmentYear, CreditScheme, YearlyAssessment
from trainees.rules.moves import YEAR_MOVES, may_move
from trainees.selectors.figures import figure
from trainees.selectors.year_states import offerings_not_closed

from .carrying import carry_surplus
from .year_locks import lock_year, refuse_sealed, share_year
from .years import YearClosing, write_results

NAMED_MOST = 5


class YearNotOver(WrongState):
    """Nobody can judge a result that still grows."""

    code = "year_not_over"
    title = gettext_lazy("The year is not over yet")
    remedy = gettext_lazy("Until it is, its results are provisional; close it as often as you like.")


class NobodyAssessed(WrongState):
    """There is nothing to object to."""

    code = "nobody_assessed"
    title = gettext_lazy("The year has no results")


class NotOpened(WrongState):
    """Results are sealed only after everybody could object."""

    code = "not_opened"
    title = gettext_lazy("The year has not been open to objections")
    remedy = gettext_lazy("Open it to objections first; it can be sealed when the period is over.")


class AlreadyOpened(WrongState):
    """The year is open to objections, or was."""

    code = "already_opened"
    title = gettext_lazy("The year has been opened to objections before")


class PeriodRuns(WrongState):
    """Cadres and units may still object."""

    code = "period_runs"
    title = gettext_lazy("The objection period is still running")
    remedy = gettext_lazy("Seal the year when the period is over.")


class ObjectionsOpen(WrongState):
    """Somebody waits for an answer."""

    code = "objections_open"
    title = gettext_lazy("Some objections have no answer yet")
    remedy = gettext_lazy("Answer them, each with its reason, then seal the year.")


class OfferingsOpen(WrongState):
    """The credits of an offering are not in, and nobody said that this is meant."""

    code = "offerings_open"
    title = gettext_lazy("Some offerings of the year are not closed")
    remedy = gettext_lazy(
        "Close them first, or confirm each of them: what they bring counts only by corrections afterwards."
    )


def open_objections(*, year: int, by: User, now: datetime | None = None) -> AssessmentYear:
    """Close a year that is over once more and open its results to objections, for as many days as the training figure says.

    Every cadre with a result, the officers of the units, the organisation departments and the school's leaders are told by a job.
    Raises `YearNotOver`, `AlreadyOpened`, `YearSealed`, `NobodyAssessed`, `NoFigure`, what `write_results` raises, and `Busy`.
    Concurrency: holds the year's row alone, then the scheme's.
    """
    now = now or clock.now()
    if now < clock.year_end(year):
        raise YearNotOver(_("%(year)s ends on 31 December.") % {"year": year}, retry_at=clock.year_end(year))
    with locking_transaction():
        held = lock_year(year)
        refuse_sealed(held)
        if not may_move(YEAR_MOVES, held.state, YearState.OBJECTION):
            raise AlreadyOpened(_("Objections are taken until %(time)s.") % {"time": _until(held)})
        if not write_results(held, by=by, now=now).total:
            raise NobodyAssessed(_("Nobody was on the register in %(year)s.") % {"year": year})
        days = int(figure(FigureCode.OBJECTION_DAYS, on=clock.school_date(now)))
        held.objections_until = clock.school_instant(
            clock.school_date(now) + timedelta(days=days), time(23, 59)
        )
        held.state, held.opened_at, held.opened_by = YearState.OBJECTION, now, by
        held.save(update_fields=["state", "opened_at", "opened_by", "objections_until"])
        data = {"year": year, "until": held.objections_until.isoformat()}
        record_event(action="year.open_objections", subject=held, by=by, data=data, now=now)
        _tell(held, by=by, now=now)
    return held


def seal_year(
    *, year: int, confirmed: Collection[int] = (), by: User, now: datetime | None = None
) -> YearClosing:
    """Close a year a last time, seal its results and carry surpluses over to the next year; returns the counts. Never taken back.

    `confirmed` are the offerings (ids) that may stay open: each that is not closed must be among them.
    Raises `YearSealed`, `NotOpened`, `PeriodRuns`, `ObjectionsOpen` (names them), `OfferingsOpen` (names them), what `write_results`
    raises, and `Busy`; then nothing is changed.
    Concurrency: holds the year's row alone, so that no objection or closing slips in, then the scheme's; then the same of the next year,
    shared.
    """
    now = now or clock.now()
    with locking_transaction():
        held = lock_year(year)
        refuse_sealed(held)
        _refuse_early(held, now)
        _refuse_unanswered(held)
        still_open = list(offerings_not_closed(year))
        _refuse_unconfirmed(still_open, confirmed)
        closing = write_results(held, by=by, now=now)
        rows = YearlyAssessment.versions.filter(year=year, sealed=False).unscoped("sealing the year")
        rows.update(sealed=True)
        held.state, held.sealed_at, held.sealed_by = YearState.SEALED, now, by
        held.save(update_fields=["state", "sealed_at", "sealed_by"])
        data = {
            "year": year,
            "total": closing.total,
            "failed": closing.failed,
            "left_open": [offering.pk for offering in still_open],
        }
        record_event(action="year.seal", subject=held, by=by, data=data, now=now)
        _carry(year + 1, by=by, now=now)
        _tell(held, by=by, now=now)
    return closing


def _carry(year: int, *, by: User, now: datetime) -> None:
    """Post the surplus as credits of the next year, if that has a scheme already and is not sealed itself; else it is carried over later."""
    if not CreditScheme.objects.filter(year=year, state=SchemeState.IN_FORCE).exists():
        return
    following = share_year(year)
    if following.state != YearState.SEALED:
        carry_surplus(following, by=by, now=now)


def _until(held: AssessmentYear) -> str:
    return clock.in_words(held.objections_until) if held.objections_until else "–"


def _refuse_early(held: AssessmentYear, now: datetime) -> None:
    if not may_move(YEAR_MOVES, held.state, YearState.SEALED) or held.objections_until is None:
        raise NotOpened(_("%(year)s is in preview.") % {"year": held.year})
    if now <= held.objections_until:
        raise PeriodRuns(
            _("Objections are taken until %(time)s.") % {"time": _until(held)}, retry_at=held.objections_until
        )


def _refuse_unanswered(held: AssessmentYear) -> None:
    raised = AssessmentObjection.objects.filter(
        assessment__year=held.year, state=ObjectionState.RAISED
    ).unscoped("the year is sealed only when all are answered")
    number = raised.count()
    if number:
        names = raised.order_by("raised_at", "pk").values_list("assessment__cadre__name", flat=True)
        text = ngettext("%(number)s objection: %(names)s", "%(number)s objections: %(names)s", number)
        raise ObjectionsOpen(text % {"number": number, "names": _listed(list(names[:NAMED_MOST]), number)})


def _refuse_unconfirmed(still_open: list[Offering], confirmed: Collection[int]) -> None:
    lacking = [offering.title for offering in still_open if offering.pk not in confirmed]
    if lacking:
        text = ngettext("%(number)s offering: %(names)s", "%(number)s offerings: %(names)s", len(lacking))
        names = _listed(lacking[:NAMED_MOST], len(lacking))
        raise OfferingsOpen(text % {"number": len(lacking), "names": names})


def _listed(names: list[str], number: int) -> str:
    text = pgettext("between clauses", "; ").join(names)
    return text if number <= len(names) else text + " …"


def _tell(held: AssessmentYear, *, by: Any, now: datetime) -> None:
    """Start the job that tells everybody concerned of the year's new state."""
    with translation.override(settings.LANGUAGE_CODE):
        title = _("Tell the state of the assessment of %(year)s") % {"year": held.year}
    start_job(
        kind="tell_year",
        key=f"{held.year}:{held.state}",
        title=title,
        params={"year": held.year, "state": held.state},
        by=by,
        now=now,
    )
