from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from partyschool.accounts.policies import policy


@policy(public=True)
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What a person sees whose form came without a valid token: reload and send again, nothing was changed."""
    return render(request, "csrf_failure.html", status=403)
