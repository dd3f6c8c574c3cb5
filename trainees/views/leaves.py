"""Leave: asked for on the phone, decided on at the desk."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.common import clock
from partyschool.common.attempts import attempt, denial_of, render_attempt
from partyschool.common.errors import InvalidInput
from trainees.enums import LeaveState
from trainees.forms.leaves import LeaveAnswerForm, LeaveForm
from trainees.models import LeaveRequest
from trainees.rules.leaves import limits_bind, may_decide, may_note_return
from trainees.selectors.attendance_limits import near_limit, standing_of
from trainees.selectors.leaves import (
    DESK_SHOWN,
    evidence_of,
    is_overdue,
    leave_in_scope,
    leaves_to_decide,
    leaves_under_way,
    own_places,
    reckon_leave,
)
from trainees.services.leaves import (
    OverLimit,
    ask_leave,
    cancel_leave,
    decide_leave,
    over_text,
    register_return,
)

DECIDERS = (Role.TEACHER, Role.STAFF, Role.LEADER, Role.ORGDEPT)


# --- the trainee -------------------------------------------------------------------------------------------------------------------------


@policy(Role.TRAINEE)
@require_http_methods(["GET", "POST"])
def new_leave(request: HttpRequest) -> HttpResponse:
    """Ask for leave from one of the own classes."""
    places = own_places(request.user)
    writes = request.method == "POST"
    form = LeaveForm(
        request.POST or None,
        request.FILES or None,
        places=places,
        asks_over_limit="over_limit_confirmed" in request.POST,
    )
    if writes and form.is_valid():
        asked = form.cleaned_data
        with attempt(request):
            ask_leave(
                enrolment_id=asked["enrolment"].pk,
                kind=asked["kind"],
                first=asked["first"],
                last=asked["last"],
                reason=asked["reason"],
                files=asked["evidence"],
                over_limit_confirmed=asked["over_limit_confirmed"],
                by=request.user,
            )
            messages.success(request, _("Your leave is asked for. You will get a notice of the answer."))
            return HttpResponseRedirect(reverse("trainees:requests"), status=303)
        if isinstance(denial_of(request), OverLimit):
            form.ask_over_limit()
    context = {"form": form, "has_places": places.exists()}
    return render_attempt(request, "trainees/leave_new.html", context)


@policy(Role.TRAINEE)
@require_safe
def reckon(request: HttpRequest) -> HttpResponse:
    """What the leave on the form would be: lessons, hours, who decides, and how near it comes to the limit."""
    form = LeaveForm(request.GET, places=own_places(request.user))
    form.fields["reason"].required = False
    context: dict[str, Any] = {"found": None}
    if form.is_valid():
        asked = form.cleaned_data
        found = reckon_leave(enrolment=asked["enrolment"], first=asked["first"], last=asked["last"])
        context = {"found": found, "over": over_text(found.standing) if found.goes_over else ""}
    return render(request, "trainees/_leave_reckoning.html", context)


def _own(request: HttpRequest, leave_id: int) -> LeaveRequest:
    own = leave_in_scope(request.user).filter(enrolment__cadre__user=request.user)
    return get_object_or_404(own, pk=leave_id)


@policy(Role.TRAINEE)
@require_safe
def leave(request: HttpRequest, leave_id: int) -> HttpResponse:
    """One of the own leaves, with what can be done about it."""
    found = _own(request, leave_id)
    now = clock.now()
    context = {
        "leave": found,
        "evidence": evidence_of(leave=found),
        "overdue": is_overdue(found, now),
        "may_cancel": found.state == LeaveState.ASKED
        or (found.state == LeaveState.APPROVED and found.starts_at > now),
        "may_return": found.state == LeaveState.APPROVED and found.starts_at <= now,
    }
    return render(request, "trainees/leave.html", context)


@policy(Role.TRAINEE)
@require_POST
def cancel(request: HttpRequest, leave_id: int) -> HttpResponse:
    """Take the own request back."""
    request.back_url = reverse("trainees:leave_request", args=[_own(request, leave_id).pk])
    cancel_leave(leave_id=leave_id, by=request.user)
    messages.success(request, _("The leave is cancelled. You are expected at the lessons."))
    return HttpResponseRedirect(reverse("trainees:requests"), status=303)


@policy(Role.TRAINEE)
@require_POST
def report_back(request: HttpRequest, leave_id: int) -> HttpResponse:
    """Report back from the own leave."""
    request.back_url = reverse("trainees:leave_request", args=[_own(request, leave_id).pk])
    register_return(leave_id=leave_id, by=request.user)
    messages.success(request, _("You have reported back."))
    return HttpResponseRedirect(reverse("trainees:requests"), status=303)


# --- whoever decides ---------------------------------------------------------------------------------------------------------------------


@policy(*DECIDERS)
@require_safe
def leaves(request: HttpRequest) -> HttpResponse:
    """What waits for the reader's decision, who is away, and who comes near a limit."""
    now = clock.now()
    away = list(leaves_under_way(request.user)[:DESK_SHOWN])
    context = {
        "waiting": list(leaves_to_decide(request.user)[:DESK_SHOWN]),
        "away": [(leave, is_overdue(leave, now)) for leave in away],
        "near": near_limit(request.user, now),
        "now": now,
    }
    return render(request, "trainees/leaves.html", context)


@policy(*DECIDERS)
@require_http_methods(["GET", "POST"])
def decision(request: HttpRequest, leave_id: int) -> HttpResponse:
    """One leave, with its numbers; whoever it falls to grants or refuses it."""
    found = get_object_or_404(leave_in_scope(request.user), pk=leave_id)
    decides = may_decide(request.user, found)
    keeps = may_note_return(request.user, found)
    if not decides and not keeps and not request.user.scope.has(Role.LEADER, Role.ORGDEPT):
        raise PermissionDenied
    offering = found.enrolment.offering
    bound = limits_bind(offering.kind, offering.off_job)
    asked = found.state == LeaveState.ASKED
    standing = standing_of(found.enrolment, also=(found.starts_at, found.ends_at) if asked else None)
    over = bound and standing.will_pass_leave
    form = LeaveAnswerForm(request.POST or None, asks_over_limit=over and asked)
    if request.method == "POST" and form.is_valid():
        with attempt(request, reread=found):
            _decide(request, leave_id, form)
            return HttpResponseRedirect(reverse("trainees:leaves"), status=303)
    context = {
        "leave": found,
        "evidence": evidence_of(leave=found),
        "standing": standing,
        "bound": bound,
        "over": over_text(standing) if over else "",
        "form": form if decides and found.state == LeaveState.ASKED else None,
        "decides": decides,
        "may_return": keeps and found.state == LeaveState.APPROVED and found.starts_at <= clock.now(),
        "overdue": is_overdue(found),
    }
    return render_attempt(request, "trainees/leave_decision.html", context)


def _decide(request: HttpRequest, leave_id: int, form: LeaveAnswerForm) -> None:
    choice = request.POST.get("choice")
    if choice not in {"approve", "refuse"}:
        raise InvalidInput(_("Say whether you grant or refuse it."))
    answer = form.cleaned_data["answer"]
    decide_leave(
        leave_id=leave_id,
        approve=choice == "approve",
        answer=answer,
        over_limit_confirmed=form.cleaned_data.get("over_limit_confirmed", False),
        by=request.user,
    )
    words = _("The leave is granted.") if choice == "approve" else _("The leave is refused.")
    messages.success(request, words)


@policy(*DECIDERS)
@require_POST
def note_return(request: HttpRequest, leave_id: int) -> HttpResponse:
    """Note that somebody is back."""
    get_object_or_404(leave_in_scope(request.user), pk=leave_id)
    request.back_url = reverse("trainees:leave_decision", args=[leave_id])
    register_return(leave_id=leave_id, by=request.user)
    messages.success(request, _("The return is noted."))
    return HttpResponseRedirect(reverse("trainees:leaves"), status=303)
