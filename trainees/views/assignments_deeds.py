"""What is decided on nominations and deferrals, one at a time or many."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.common.errors import InvalidInput, NotFound
from partyschool.common.numbers import whole_number
from trainees.forms.assignments import ReasonForm
from trainees.models import Nomination
from trainees.selectors.assignments import known_assignments
from trainees.selectors.assignments_access import decided_by, deferrals_decided_by, nominated_by_units_of
from trainees.services.assignments_decisions import Outcome, decide_nominations
from trainees.services.assignments_deferrals import ask_deferral, decide_deferral, withdraw_deferral
from trainees.services.assignments_nominations import withdraw_nomination

from .assignments import WORKERS

MOST_AT_ONCE = 500


def _back_to(request: HttpRequest, assignment_id: int) -> str:
    """The page of the assignment, to which a refusal leads back as well."""
    back = reverse("trainees:assignment", args=[assignment_id])
    request.back_url = back  # type: ignore[attr-defined]  # read where refusals are shown
    return back


@policy(Role.ORGDEPT)
@require_POST
def decide(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """Confirm or return one nomination or all that are ticked; each wholly or not at all, and what became of each is told."""
    if not known_assignments(request.user).filter(pk=assignment_id).exists():
        raise Http404
    back = _back_to(request, assignment_id)
    names = _names(request, assignment_id)
    if not names:
        raise InvalidInput(
            _("Nobody is ticked."), remedy=_("Go back and tick the people that you decide on.")
        )
    confirm = request.POST.get("deed") == "confirm"
    outcomes = decide_nominations(
        nomination_ids=list(names), confirm=confirm, reason=request.POST.get("reason", ""), by=request.user
    )
    _tell_outcomes(request, outcomes, names, confirm=confirm)
    return HttpResponseRedirect(back, status=303)


def _names(request: HttpRequest, assignment_id: int) -> dict[int, str]:
    """Nomination → name, of those that the form names; all of them must lie in the jurisdiction. Raises `InvalidInput`, `NotFound`."""
    entered = request.POST.getlist("nomination")
    numbers = {whole_number(one) for one in entered}
    if None in numbers or len(numbers) > MOST_AT_ONCE:
        raise InvalidInput(
            _("The form names nominations that are none."), remedy=_("Reload the page and try again.")
        )
    found = decided_by(request.user).filter(assignment=assignment_id, pk__in=[one for one in numbers if one])
    names = dict(found.values_list("pk", "cadre__name"))
    if set(names) != numbers:
        raise NotFound(_("There is no such nomination within your scope."))
    return names


def _tell_outcomes(
    request: HttpRequest, outcomes: Sequence[Outcome], names: dict[int, str], *, confirm: bool
) -> None:
    done = sum(one.error is None for one in outcomes)
    if done and confirm:
        text = ngettext("%(number)s person confirmed.", "%(number)s people confirmed.", done)
        messages.success(request, text % {"number": done})
    elif done:
        text = ngettext("%(number)s person returned.", "%(number)s people returned.", done)
        messages.success(request, text % {"number": done})
    for one in outcomes:
        if one.error is not None:
            words = _("Not done for %(name)s: %(why)s %(remedy)s") % {
                "name": names[one.nomination_id],
                "why": one.error,
                "remedy": one.error.what_to_do,
            }
            messages.warning(request, words)


@policy(*WORKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """Take a nomination back: the unit before the decision, the organisation department a call that it has confirmed."""
    found = _own(request, nomination_id)
    return _with_reason(
        request,
        found,
        title=_("Take the nomination back"),
        text=_("A confirmed person loses the place in the class and gets a notice with the reason."),
        button=_("Take the nomination back"),
        done=_("Taken back."),
        deed=withdraw_nomination,
    )


@policy(Role.OFFICER)
@require_http_methods(["GET", "HEAD", "POST"])
def defer(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """Ask that a called person goes to a later class."""
    found = nominated_by_units_of(request.user).filter(pk=nomination_id)
    return _with_reason(
        request,
        found.select_related("cadre__unit", "assignment__offering").first(),
        title=_("Ask for a deferral"),
        text=_(
            "The organisation department decides. Until then the person stays called; afterwards the person comes first when the next class is filled."
        ),
        button=_("Ask for it"),
        done=_("Asked for. The organisation department decides."),
        deed=ask_deferral,
    )


def _own(request: HttpRequest, nomination_id: int) -> Nomination | None:
    for found in (nominated_by_units_of(request.user), decided_by(request.user)):
        one = found.filter(pk=nomination_id).select_related("cadre__unit", "assignment__offering").first()
        if one is not None:
            return one
    return None


def _with_reason(
    request: HttpRequest,
    found: Nomination | None,
    *,
    title: str,
    text: str,
    button: str,
    done: str,
    deed: Callable[..., Any],
) -> HttpResponse:
    """A page that asks for the reason, and does it."""
    if found is None:
        raise Http404
    back = _back_to(request, found.assignment_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        deed(nomination_id=found.pk, reason=form.cleaned_data["reason"], by=request.user)
        messages.success(request, done)
        return HttpResponseRedirect(back, status=303)
    context = {
        "nomination": found,
        "form": form,
        "back": back,
        "title": title,
        "text": text,
        "button": button,
    }
    return render(request, "trainees/assignments/reason.html", context)


@policy(Role.ORGDEPT)
@require_POST
def answer(request: HttpRequest, deferral_id: int) -> HttpResponse:
    """Agree to a deferral or refuse it."""
    found = deferrals_decided_by(request.user).select_related("nomination").filter(pk=deferral_id).first()
    if found is None:
        raise Http404
    back = _back_to(request, found.nomination.assignment_id)
    agree = request.POST.get("deed") == "agree"
    decide_deferral(deferral_id=found.pk, agree=agree, answer=request.POST.get("reason", ""), by=request.user)
    messages.success(request, _("Deferral agreed.") if agree else _("Deferral refused."))
    return HttpResponseRedirect(back, status=303)


@policy(Role.OFFICER)
@require_POST
def take_back(request: HttpRequest, deferral_id: int) -> HttpResponse:
    """Take back what was asked for."""
    own = nominated_by_units_of(request.user).filter(deferrals=deferral_id).first()
    if own is None:
        raise Http404
    back = _back_to(request, own.assignment_id)
    withdraw_deferral(deferral_id=deferral_id, by=request.user)
    messages.success(request, _("Taken back. The person stays called."))
    return HttpResponseRedirect(back, status=303)
