"""Choosing whom to call: the unit within its quota, the organisation department by name."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.common import clock
from partyschool.common.errors import InvalidInput
from partyschool.common.numbers import whole_number
from trainees.enums import NominationState
from trainees.forms.assignments import ChooseForm, PeopleSearchForm
from trainees.models import AssignmentQuota, Nomination
from trainees.rules.assignments import REPLACEABLE, decision_denial, nomination_denial
from trainees.selectors.assignments import known_assignments, times_of
from trainees.selectors.assignments_access import callable_by, nominated_by_units_of, paths_as, within
from trainees.selectors.assignments_facts import cadres_of, candidates, length_of_class, quota_with_class
from trainees.services.assignments_decisions import call_by_name
from trainees.services.assignments_nominations import nominate_cadre


@policy(Role.OFFICER)
@require_http_methods(["GET", "HEAD", "POST"])
def nominate(request: HttpRequest, quota_id: int) -> HttpResponse:
    """The people of the unit, with what speaks against each; a press of the button nominates. `?instead=` names whom to stand in for."""
    quota = quota_with_class(quota_id)
    if quota is None or not within(quota.unit.path, paths_as(request.user, Role.OFFICER)):
        raise Http404
    back = reverse("trainees:assignment", args=[quota.assignment_id])
    replaced = _instead(request, quota)
    gives_back = replaced is not None and replaced.state == NominationState.CONFIRMED
    if request.method == "POST":
        request.back_url = request.get_full_path()  # type: ignore[attr-defined]  # read where refusals are shown
        chosen = _chosen(request, needs_reason=gives_back)
        nominate_cadre(
            quota_id=quota.pk,
            by=request.user,
            replaces_id=replaced.pk if replaced else None,
            reason=chosen.pop("reason"),
            **chosen,
        )
        messages.success(request, _("Nominated. The organisation department decides next."))
        return HttpResponseRedirect(back, status=303)
    assignment, search = quota.assignment, PeopleSearchForm(request.GET)
    denial = nomination_denial(times_of(assignment), substitute=replaced is not None, now=clock.now())
    people = candidates(
        cadres_of(request.user, quota.unit), assignment, name=search.searched(), **_cursors(request)
    )
    context = {
        "assignment": assignment,
        "too_long": length_of_class(assignment.offering),
        "quota": quota,
        "replaced": replaced,
        "gives_back": gives_back,
        "people": people,
        "filter_form": search,
        "denial": denial,
        "full": quota.nominated >= quota.seats and not gives_back,
        "back": back,
        "form": ChooseForm(needs_reason=gives_back),
    }
    return render(request, "trainees/assignments/people.html", context)


@policy(Role.ORGDEPT)
@require_http_methods(["GET", "HEAD", "POST"])
def call(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """The people of the jurisdiction, to call one by name beside the quotas."""
    assignment = known_assignments(request.user).filter(pk=assignment_id).first()
    if assignment is None:
        raise Http404
    back = reverse("trainees:assignment", args=[assignment.pk])
    if request.method == "POST":
        request.back_url = request.get_full_path()  # type: ignore[attr-defined]  # read where refusals are shown
        chosen = _chosen(request, needs_reason=False)
        chosen.pop("reason")
        call_by_name(assignment_id=assignment.pk, by=request.user, **chosen)
        messages.success(request, _("Called by name. The person has a place and gets a notice."))
        return HttpResponseRedirect(back, status=303)
    search = PeopleSearchForm(request.GET)
    context = {
        "assignment": assignment,
        "too_long": length_of_class(assignment.offering),
        "people": candidates(
            callable_by(request.user), assignment, name=search.searched(), **_cursors(request)
        ),
        "filter_form": search,
        "denial": decision_denial(times_of(assignment), substitute=True, now=clock.now()),
        "back": back,
        "form": ChooseForm(needs_reason=False),
    }
    return render(request, "trainees/assignments/people.html", context)


def _cursors(request: HttpRequest) -> dict[str, str]:
    """Which page of the list is asked for."""
    return {name: request.GET.get(name, "") for name in ("after", "before")}


def _instead(request: HttpRequest, quota: AssignmentQuota) -> Nomination | None:
    """The nomination that somebody is to stand in for. Raises 404 for one that is none of the reader's, or not to be replaced."""
    named = request.GET.get("instead", "").strip()
    if not named:
        return None
    number = whole_number(named)
    own = nominated_by_units_of(request.user).filter(quota=quota, state__in=REPLACEABLE)
    found = own.select_related("cadre__unit").filter(pk=number).first() if number else None
    if found is None:
        raise Http404
    return found


def _chosen(request: HttpRequest, *, needs_reason: bool) -> dict[str, Any]:
    """Whom the form names, with the warnings that stood beside the name. Raises `InvalidInput`."""
    form = ChooseForm(request.POST, needs_reason=needs_reason)
    if not form.is_valid():
        raise InvalidInput(" ".join(str(text) for errors in form.errors.values() for text in errors))
    cadre_id = form.cleaned_data["cadre"]
    seen = request.POST.get(f"seen_{cadre_id}", "")
    return {
        "cadre_id": cadre_id,
        "note": form.cleaned_data["note"],
        "reason": form.cleaned_data.get("reason", ""),
        "seen": [code for code in seen.split(",") if code],
    }
