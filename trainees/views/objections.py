"""Objections on the portal: raised by the cadre or the unit's officer, listed for those responsible for the units."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.common.attempts import attempt, render_attempt
from partyschool.common.numbers import whole_number
from partyschool.common.paging import keyset_page
from trainees.enums import ObjectionState
from trainees.forms.own_objections import ObjectionForm
from trainees.models import AssessmentObjection, YearlyAssessment
from trainees.selectors.objections import objection_lines, objections_of_units, side_of
from trainees.selectors.organisation import closed_years
from trainees.selectors.reasons import reasons_text
from trainees.selectors.year_states import takes_objections, year_of
from trainees.services.objections import raise_objection, withdraw_objection

READERS = (Role.ORGDEPT, Role.OFFICER, Role.STAFF, Role.LEADER, Role.AUDITOR)


def _page_of(assessment: YearlyAssessment, request: HttpRequest) -> str:
    """Where the reader sees this result."""
    if assessment.cadre.user_id == request.user.pk:
        return f"{reverse('trainees:credits')}?year={assessment.year}"
    page = reverse("trainees:organisation_cadre", args=[assessment.cadre_id])
    return f"{page}?year={assessment.year}"


@policy(Role.TRAINEE, Role.OFFICER)
@require_http_methods(["GET", "POST"])
def object_to(request: HttpRequest, assessment_id: int) -> HttpResponse:
    """Object to one result: the own one, or that of somebody in the own unit of that year."""
    results = YearlyAssessment.objects.visible_to(request.user).select_related("cadre", "unit")
    assessment = get_object_or_404(results, pk=assessment_id)
    if side_of(assessment, request.user) is None:
        raise PermissionDenied
    back = _page_of(assessment, request)
    form = ObjectionForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        with attempt(request):
            raise_objection(
                assessment_id=assessment.pk,
                text=form.cleaned_data["text"],
                files=form.cleaned_data["files"],
                by=request.user,
            )
            messages.success(request, _("Your objection is handed in. You will get a notice of the answer."))
            return HttpResponseRedirect(back, status=303)
    held = year_of(assessment.year)
    context = {
        "assessment": assessment,
        "reasons": reasons_text(assessment.reasons),
        "held": held,
        "possible": takes_objections(held),
        "form": form,
        "back": back,
    }
    return render_attempt(request, "trainees/objection_form.html", context)


@policy(Role.TRAINEE, Role.OFFICER)
@require_POST
def withdraw(request: HttpRequest, objection_id: int) -> HttpResponse:
    """Take back an objection that the reader has raised."""
    own = AssessmentObjection.objects.visible_to(request.user).filter(raised_by=request.user)
    objection = get_object_or_404(own.select_related("assessment__cadre"), pk=objection_id)
    back = _page_of(objection.assessment, request)
    request.back_url = back
    withdraw_objection(objection_id=objection.pk, by=request.user)
    messages.success(request, _("The objection is withdrawn."))
    return HttpResponseRedirect(back, status=303)


@policy(*READERS)
@require_safe
def objections(request: HttpRequest) -> HttpResponse:
    """The objections to a year's results in the units that the reader is responsible for."""
    years = closed_years()
    year = whole_number(request.GET.get("year", "")) or (years[0] if years else 0)
    state = request.GET.get("state", "")
    page = keyset_page(
        objections_of_units(request.user, year=year, state=state if state in ObjectionState.values else ""),
        order=("-raised_at", "-id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "page": page,
        "lines": objection_lines(page.rows, request.user),
        "year": year,
        "years": years,
        "state": state,
        "states": ObjectionState.choices,
        "held": year_of(year),
    }
    return render(request, "trainees/objections.html", context)
