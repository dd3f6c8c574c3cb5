"""What the reader has asked for: leaves and claims together."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.common import clock
from trainees.models import Cadre
from trainees.selectors.claims import own_claims
from trainees.selectors.leaves import is_overdue, own_leaves

SHOWN = 50


@policy(Role.TRAINEE)
@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """The own leaves and claims, newest first, with their states and answers."""
    cadre = Cadre.objects.visible_to(request.user).filter(user=request.user).first()
    if cadre is None:
        return render(request, "trainees/credits_nobody.html")
    now = clock.now()
    leaves = list(own_leaves(request.user)[:SHOWN])
    context = {
        "leaves": leaves,
        "overdue": [leave for leave in leaves if is_overdue(leave, now)],
        "claims": list(own_claims(request.user)[:SHOWN]),
    }
    return render(request, "trainees/requests.html", context)
