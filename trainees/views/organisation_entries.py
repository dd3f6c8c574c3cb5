"""From a person down to one credit entry, and from there to the attendance it rests on."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from partyschool.accounts.policies import policy
from trainees.enums import EnrolmentState
from trainees.models import Cadre, Enrolment
from trainees.selectors.credits_attendance import explain_attendance
from trainees.selectors.entries import entry_account
from trainees.services.credit_report import READERS
from trainees.services.looks import record_look


def _cadre(request: HttpRequest, cadre_id: int) -> Cadre:
    cadre: Cadre = get_object_or_404(
        Cadre.objects.visible_to(request.user).select_related("unit"), pk=cadre_id
    )
    return cadre


@policy(*READERS)
@require_safe
def entry(request: HttpRequest, cadre_id: int, entry_id: int) -> HttpResponse:
    """One entry: what it is for, by which rule, who posted it, whether it was taken back."""
    cadre = _cadre(request, cadre_id)
    account = entry_account(cadre, entry_id=entry_id)
    if account is None:
        raise Http404
    record_look(cadre=cadre, year=account.entry.year, by=request.user)
    return render(request, "trainees/organisation_entry.html", {"account": account, "cadre": cadre})


@policy(*READERS)
@require_safe
def attendance(request: HttpRequest, cadre_id: int, offering_id: int) -> HttpResponse:
    """What was seen of the cadre at each lesson of one offering, and the credits that came of it."""
    cadre = _cadre(request, cadre_id)
    places = Enrolment.objects.of_cadre(cadre).filter(offering=offering_id)
    enrolment = get_object_or_404(
        places.exclude(state=EnrolmentState.WITHDRAWN).select_related("offering", "cadre")
    )
    account = explain_attendance(enrolment)
    record_look(cadre=cadre, year=enrolment.offering.year, by=request.user)
    return render(request, "trainees/organisation_attendance.html", {"account": account, "cadre": cadre})
