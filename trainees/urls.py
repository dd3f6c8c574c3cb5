from django.http import HttpResponse
from django.urls import path

from partyschool.accounts.policies import policy


@policy()
def _soon(request, **kwargs):
    return HttpResponse(status=404)


app_name = "trainees"
urlpatterns = [
    path("electives/", _soon, name="electives"),
    path("credits/", _soon, name="credits"),
    path("organisation/", _soon, name="organisation"),
    path("verify/<str:code>/", _soon, name="verify"),
]
