"""Make-up training of those who failed a sealed year: planned, then done, missed or cancelled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.enums import OfferingState
from courses.models import Offering
from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, NotFound, WrongState
from partyschool.common.locking import lock_row, locking_transaction
from trainees.enums import AssessmentResult, FigureCode, MakeUpState, YearState
from trainees.models import AssessmentYear, MakeUpPlan, YearlyAssessment
from trainees.rules.moves import MAKE_UP_MOVES, may_move
from trainees.selectors.figures import figure
from trainees.selectors.reasons import credits_text

from .corrections import NotSealed
from .year_locks import share_year
from .year_notices import tell_about

CONTENT_MOST = 200
OUTCOMES = (MakeUpState.DONE, MakeUpState.MISSED, MakeUpState.CANCELLED)


class InvalidPlan(InvalidInput):
    """A plan without content or credits, due in the past, with a topic that is not offered; an ending without outcome."""


class NotFailed(WrongState):
    """Only a failed result that is in force is made up for."""

    code = "not_failed"
    title = gettext_lazy("This result is not made up for")


class PlanEnded(WrongState):
    """The plan was done, missed or cancelled before."""

    code = "plan_ended"
    title = gettext_lazy("This make-up training has ended")


@dataclass(frozen=True)
class PlanLine:
    """What one cadre makes up: in words, in credits, in which offering (or wherever)."""

    assessment_id: int
    content: str
    credits: Decimal
    offering_id: int | None = None


def due_date(held: AssessmentYear) -> date:
    """By when make-up training for a sealed year is due, by the training figure of the day of sealing. Raises `NotSealed`, `NoFigure`."""
    if held.sealed_at is None:
        raise NotSealed(_("%(year)s is not sealed.") % {"year": held.year})
    sealed_on = clock.school_date(held.sealed_at)
    return sealed_on + timedelta(days=int(figure(FigureCode.MAKE_UP_DAYS, on=sealed_on)))


def plan_make_up(
    *, year: int, plans: Sequence[PlanLine], due_on: date | None = None, by: User, now: datetime | None = None
) -> list[MakeUpPlan]:
    """Plan make-up training for some who failed a sealed year, all or none; the cadre and the unit's officers are told.

    Who has the same content planned already is passed over, so that pressing twice plans once. Returns the new plans.
    Raises `NotSealed`, `NotFailed`, `InvalidPlan`, `NotFound`, `NoFigure`, `Busy`.
    Concurrency: shares the year's row, then locks the results by key.
    """
    now = now or clock.now()
    with locking_transaction():
        held = share_year(year)
        if held.state != YearState.SEALED:
            raise NotSealed(_("Make-up training is planned for a sealed year."))
        due = due_on or due_date(held)
        if due < clock.school_date(now):
            raise InvalidPlan(_("%(day)s is past.") % {"day": date_format(due)})
        made = [
            plan
            for line in sorted(plans, key=lambda one: one.assessment_id)
            if (plan := _plan(year, line, due, by, now))
        ]
        for plan in made:
            _tell_planned(plan)
    return made


def end_make_up(
    *, plan_id: int, state: str, outcome: str, by: User, now: datetime | None = None
) -> MakeUpPlan:
    """Say what became of a plan: done, missed or cancelled, in words. The cadre and the unit's officers are told.

    Raises `NotFound`, `PlanEnded`, `InvalidPlan`, `Busy`. Concurrency: locks the plan.
    """
    now = now or clock.now()
    outcome = outcome.strip()
    if state not in OUTCOMES or not outcome or len(outcome) > CONTENT_MOST:
        raise InvalidPlan(_("Say how it ended, in at most %(most)s characters.") % {"most": CONTENT_MOST})
    with locking_transaction():
        try:
            plan = lock_row(MakeUpPlan, plan_id)
        except MakeUpPlan.DoesNotExist as error:
            raise NotFound(_("There is no such make-up training.")) from error
        if not may_move(MAKE_UP_MOVES, plan.state, state):
            raise PlanEnded(_("It is in the state “%(state)s”.") % {"state": plan.get_state_display()})
        plan.state, plan.outcome, plan.ended_at, plan.ended_by = state, outcome, now, by
        plan.save(update_fields=["state", "outcome", "ended_at", "ended_by"])
        record_event(action="make_up.end", subject=plan, by=by, data={"state": state}, now=now)
        with translation.override(settings.LANGUAGE_CODE):
            tell_about(
                plan.assessment,
                event=f"make_up.end:{plan.pk}",
                title=_("Make-up training of %(name)s: %(state)s")
                % {"name": plan.assessment.cadre.name, "state": plan.get_state_display()},
                body=f"{plan.content}\n{outcome}",
            )
    return plan


def _plan(year: int, line: PlanLine, due: date, by: User, now: datetime) -> MakeUpPlan | None:
    content = line.content.strip()
    if not content or len(content) > CONTENT_MOST or line.credits <= 0:
        raise InvalidPlan(_("Say what is made up, and how many credits."))
    try:
        result = lock_row(YearlyAssessment, line.assessment_id)
    except YearlyAssessment.DoesNotExist as error:
        raise NotFound(_("There is no such result.")) from error
    if result.year != year or result.superseded or result.result != AssessmentResult.FAIL:
        raise NotFailed(
            _("%(name)s: %(result)s") % {"name": result.cadre.name, "result": result.get_result_display()}
        )
    if line.offering_id is not None:
        held = Offering.objects.filter(pk=line.offering_id, state=OfferingState.PUBLISHED)
        if not held.exists():
            raise InvalidPlan(_("The offering is not held any more."))
    same = MakeUpPlan.objects.filter(
        assessment__cadre=result.cadre_id, assessment__year=year, content=content, state=MakeUpState.PLANNED
    ).unscoped("pressing twice plans once")
    if same.exists():
        return None
    plan = MakeUpPlan.objects.create(
        assessment=result,
        offering_id=line.offering_id,
        content=content,
        credits=line.credits,
        due_on=due,
        planned_at=now,
        planned_by=by,
    )
    data = {"year": year, "credits": str(plan.credits), "due_on": due.isoformat()}
    record_event(action="make_up.plan", subject=plan, by=by, data=data, now=now)
    return plan


def _tell_planned(plan: MakeUpPlan) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        tell_about(
            plan.assessment,
            event=f"make_up.plan:{plan.pk}",
            title=_("Make-up training planned for %(name)s") % {"name": plan.assessment.cadre.name},
            body=_("%(content)s, %(credits)s credits, by %(day)s.")
            % {
                "content": plan.content,
                "credits": credits_text(plan.credits),
                "day": date_format(plan.due_on),
            },
        )
