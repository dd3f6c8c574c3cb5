"""The portal's addresses and the benchmark's base line, which exists nowhere else."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.http import require_POST

from partyschool.accounts.policies import policy


@policy()
@require_POST
def no_op(request: HttpRequest) -> HttpResponse:
    """What any POST of a logged-in user costs at least: session, user with grants, CSRF."""
    return HttpResponse(f"{request.user.pk}\n", content_type="text/plain")


urlpatterns = [path("bench/no-op/", no_op), path("", include("partyschool.urls"))]
