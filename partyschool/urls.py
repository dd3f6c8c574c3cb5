from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from partyschool.accounts.policies import policy

urlpatterns = [
    # One log-in page for everybody: the admin's own would be a second door.
    path(
        "admin/login/",
        policy(public=True)(RedirectView.as_view(pattern_name="accounts:login", query_string=True)),
    ),
    path("admin/", admin.site.urls),
    path("accounts/", include("partyschool.accounts.urls")),
    path("i18n/setlang/", policy(public=True)(set_language), name="set_language"),
    path("jobs/", include("partyschool.jobs.urls")),
    path("notices/", include("partyschool.notices.urls")),
    path("standards/", include("partyschool.standards.urls")),
    path("", include("trainees.urls")),
    path("", include("partyschool.home.urls")),
]
