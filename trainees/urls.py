from django.http import HttpResponse
from django.urls import path

from partyschool.accounts.policies import policy

from .views import electives


@policy()
def _soon(request, **kwargs):
    return HttpResponse(status=404)


app_name = "trainees"
urlpatterns = [
    path("electives/", electives.electives, name="electives"),
    path("electives/<int:offering_id>/", electives.topic, name="topic"),
    path("electives/<int:offering_id>/select/", electives.select, name="select"),
    path("electives/<int:offering_id>/withdraw/", electives.withdraw, name="withdraw"),
    path("credits/", _soon, name="credits"),
    path("organisation/", _soon, name="organisation"),
    path("verify/<str:code>/", _soon, name="verify"),
]
