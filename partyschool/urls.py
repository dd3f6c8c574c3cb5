from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("partyschool.accounts.urls")),
    path("jobs/", include("partyschool.jobs.urls")),
    path("notices/", include("partyschool.notices.urls")),
    path("standards/", include("partyschool.standards.urls")),
    path("", include("trainees.urls")),
    path("", include("partyschool.home.urls")),
]
