"""Claims to credits, as the cadre hands them in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.common.attempts import attempt, render_attempt
from partyschool.common.errors import WrongState
from trainees.enums import ClaimState
from trainees.forms.claims import ClaimForm
from trainees.models import CreditClaim
from trainees.rules.claims import EDITABLE_STATES
from trainees.selectors.claims import own_claims
from trainees.selectors.leaves import evidence_of
from trainees.services.claims import resubmit_claim, submit_claim, withdraw_claim


def _own(request: HttpRequest, claim_id: int) -> CreditClaim:
    return get_object_or_404(own_claims(request.user), pk=claim_id)


def _form_page(request: HttpRequest, claim: CreditClaim | None) -> HttpResponse:
    form = ClaimForm(request.POST or None, request.FILES or None, instance=claim, files_needed=claim is None)
    if request.method == "POST" and form.is_valid():
        facts, files = form.facts(), form.cleaned_data["evidence"]
        with attempt(request):
            if claim is None:
                submit_claim(facts=facts, files=files, by=request.user)
            else:
                resubmit_claim(claim_id=claim.pk, facts=facts, files=files, by=request.user)
            messages.success(request, _("Your claim is handed in. You will get a notice of the answer."))
            return HttpResponseRedirect(reverse("trainees:requests"), status=303)
    context = {
        "form": form,
        "claim": claim,
        "evidence": evidence_of(claim=claim) if claim else [],
        "possible": bool(form.fields["activity"].choices),
    }
    return render_attempt(request, "trainees/claim_form.html", context)


@policy(Role.TRAINEE)
@require_http_methods(["GET", "POST"])
def new_claim(request: HttpRequest) -> HttpResponse:
    """Hand a claim in."""
    return _form_page(request, None)


@policy(Role.TRAINEE)
@require_http_methods(["GET", "POST"])
def change_claim(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Hand a returned claim in again."""
    claim = _own(request, claim_id)
    request.back_url = reverse("trainees:claim", args=[claim.pk])
    if claim.state != ClaimState.RETURNED:
        raise WrongState(_("The claim is in state “%(state)s”.") % {"state": claim.get_state_display()})
    return _form_page(request, claim)


@policy(Role.TRAINEE)
@require_safe
def claim(request: HttpRequest, claim_id: int) -> HttpResponse:
    """One of the own claims with its answer."""
    found = _own(request, claim_id)
    context = {
        "claim": found,
        "evidence": evidence_of(claim=found),
        "may_withdraw": found.state in EDITABLE_STATES,
        "may_change": found.state == ClaimState.RETURNED,
    }
    return render(request, "trainees/claim.html", context)


@policy(Role.TRAINEE)
@require_POST
def withdraw(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Take the own claim back."""
    request.back_url = reverse("trainees:claim", args=[_own(request, claim_id).pk])
    withdraw_claim(claim_id=claim_id, by=request.user)
    messages.success(request, _("The claim is withdrawn."))
    return HttpResponseRedirect(reverse("trainees:requests"), status=303)
