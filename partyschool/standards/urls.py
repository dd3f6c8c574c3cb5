from django.http import HttpResponse
from django.urls import path

from partyschool.accounts.policies import policy


@policy()
def _soon(request, **kwargs):
    return HttpResponse(status=404)


app_name = "standards"
urlpatterns = [path("", _soon, name="board")]
