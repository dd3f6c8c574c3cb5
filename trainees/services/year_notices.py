"""What people are told of the assessment of a year, each thing once."""

from collections.abc import Iterable
from itertools import islice

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from partyschool.accounts.enums import Role
from partyschool.accounts.models import RoleGrant, Unit, User
from partyschool.common import clock
from partyschool.jobs.services.progress import Progress
from partyschool.notices.services.notices import send_notice
from trainees.enums import AssessmentResult, YearState
from trainees.models import AssessmentYear, YearlyAssessment
from trainees.selectors.reasons import credits_text, reasons_text

BATCH = 2000


def holders(role: Role, unit: Unit | None = None) -> QuerySet[User]:
    """The active users who hold `role` today; for `unit` or anything above it, where a unit is given."""
    grants = RoleGrant.objects.valid_on(clock.school_date()).filter(role=role)
    if unit is not None:
        above = [unit.path[:length] for length in range(Unit.steplen, len(unit.path) + 1, Unit.steplen)]
        grants = grants.filter(unit__path__in=above)
    return User.objects.filter(pk__in=grants.values("user"), is_active=True)


def tell_year_state(*, year: int, state: str, progress: Progress) -> int:
    """Tell every cadre with a result of `year`, units, organisation departments and leaders that it is open to objections or sealed.

    Once each, however often this is called. Returns how many notices were offered.
    """
    held = AssessmentYear.objects.get(year=year)
    rows = YearlyAssessment.objects.filter(year=year, cadre__user__is_active=True).unscoped(
        "everybody with a result is told"
    )
    total, told = rows.count(), 0
    event = f"year.{state}:{year}"
    with translation.override(settings.LANGUAGE_CODE):
        for result in AssessmentResult:
            users = User.objects.filter(pk__in=rows.filter(result=result).values("cadre__user")).only("pk")
            recipients = users.iterator(chunk_size=BATCH)
            while batch := list(islice(recipients, BATCH)):
                told += send_notice(
                    recipients=batch,
                    event=event,
                    title=_title(held, state),
                    body=_own_words(held, state, result),
                    url=f"{reverse('trainees:credits')}?year={year}",
                )
                progress.report(told, total)
        for role in (Role.OFFICER, Role.ORGDEPT, Role.LEADER):
            told += send_notice(
                recipients=holders(role),
                event=event,
                title=_title(held, state),
                body=_unit_words(held, state),
                url=f"{reverse('trainees:organisation')}?year={year}",
            )
    return told


def _title(held: AssessmentYear, state: str) -> str:
    if state == YearState.OBJECTION:
        return _("Results of %(year)s are open to objections") % {"year": held.year}
    return _("Results of %(year)s are final") % {"year": held.year}


def _until(held: AssessmentYear) -> str:
    return clock.in_words(held.objections_until) if held.objections_until else "–"


def _own_words(held: AssessmentYear, state: str, result: AssessmentResult) -> str:
    if state == YearState.OBJECTION:
        text = _(
            "Your result: %(result)s. Look at where every credit comes from; if something is wrong, object with your evidence until %(until)s."
        )
    else:
        text = _("Your result: %(result)s. It changes only by a correction that states its reason.")
    return text % {"result": result.label, "until": _until(held)}


def _unit_words(held: AssessmentYear, state: str) -> str:
    if state == YearState.OBJECTION:
        return _(
            "The results of your units can be looked at. Cadres, and unit officers for their people, may object until %(until)s."
        ) % {"until": _until(held)}
    return _(
        "The results of your units are sealed. Whoever failed cannot be rated excellent in the annual appraisal; the list tells why."
    )


def result_words(assessment: YearlyAssessment) -> str:
    """A result in one sentence: grade, credits, reasons."""
    text = _("%(grade)s, %(counted)s credits of %(needed)s needed") % {
        "grade": assessment.get_grade_display(),
        "counted": credits_text(assessment.counted),
        "needed": credits_text(assessment.needed),
    }
    reasons = reasons_text(assessment.reasons)
    return f"{text} ({reasons})" if reasons else text


def tell_about(
    assessment: YearlyAssessment, *, event: str, title: str, body: str, also: Iterable[User] = ()
) -> None:
    """Tell the cadre of `assessment`, the officers of the unit of that year, and `also`, once each, with a link to what each may see.

    Call it inside `translation.override(settings.LANGUAGE_CODE)`.
    """
    user = assessment.cadre.user
    if user is not None:
        send_notice(
            recipients=[user],
            event=event,
            title=title,
            body=body,
            url=f"{reverse('trainees:credits')}?year={assessment.year}",
        )
    own = user.pk if user else None
    page = reverse("trainees:organisation_cadre", args=[assessment.cadre_id])
    others = {*holders(Role.OFFICER, assessment.unit).values_list("pk", flat=True)}
    others |= {person.pk for person in also}
    send_notice(
        recipients=User.objects.filter(~Q(pk=own), pk__in=others),
        event=event,
        title=title,
        body=body,
        url=f"{page}?year={assessment.year}",
    )
