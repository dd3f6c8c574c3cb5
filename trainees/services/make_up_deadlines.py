"""Make-up training whose day is past is missed: marked by the portal, told to the cadre and the unit, once."""

from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.locking import lock_row, locking_transaction
from trainees.enums import EnrolmentState, MakeUpState
from trainees.models import Enrolment, MakeUpPlan

from .year_notices import tell_about


def mark_missed(*, now: datetime | None = None) -> int:
    """Mark every plan still open after its day as missed; the day itself belongs to it. Returns how many. Safe to run at any time.

    Who completed the planned offering did what was asked: that plan waits for somebody to say so. Who missed a plan stands among those
    without a plan again, so that another one can follow. Concurrency: locks one plan at a time, then asks again whether it is open.
    """
    at = now or clock.now()
    due = MakeUpPlan.objects.filter(state=MakeUpState.PLANNED, due_on__lt=clock.school_date(at))
    keys = due.unscoped("the portal watches all deadlines").order_by("pk").values_list("pk", flat=True)
    return sum(_mark(pk, at) for pk in list(keys))


def _mark(plan_id: int, now: datetime) -> bool:
    with locking_transaction():
        plan = lock_row(MakeUpPlan, plan_id)
        if plan.state != MakeUpState.PLANNED or _attended(plan):
            return False
        with translation.override(settings.LANGUAGE_CODE):
            plan.outcome = _("Not noted as done by %(day)s.") % {"day": date_format(plan.due_on)}
            plan.state, plan.ended_at = MakeUpState.MISSED, now
            plan.save(update_fields=["state", "outcome", "ended_at"])
            data = {"state": plan.state, "due_on": plan.due_on.isoformat()}
            record_event(action="make_up.end", subject=plan, by=None, data=data, now=now)
            name = plan.assessment.cadre.name
            tell_about(
                plan.assessment,
                event=f"make_up.end:{plan.pk}",
                title=_("Make-up training of %(name)s was missed") % {"name": name},
                body=_(
                    "%(content)s was due by %(day)s and is not noted as done. If it was done, tell the school."
                )
                % {"content": plan.content, "day": date_format(plan.due_on)},
            )
    return True


def _attended(plan: MakeUpPlan) -> bool:
    """Whether the cadre completed the offering that was planned."""
    if plan.offering_id is None:
        return False
    done = Enrolment.objects.filter(
        offering=plan.offering_id, cadre=plan.assessment.cadre_id, state=EnrolmentState.COMPLETED
    )
    return done.unscoped("whether it was attended").exists()
