from django.urls import path

from .views import jobs

app_name = "jobs"
urlpatterns = [
    path("", jobs.job_list, name="list"),
    path("<uuid:pk>/", jobs.job_detail, name="detail"),
    path("<uuid:pk>/cancel/", jobs.job_cancel, name="cancel"),
    path("<uuid:pk>/retry/", jobs.job_retry, name="retry"),
    path("<uuid:pk>/files/<uuid:file_id>/", jobs.job_file, name="file"),
]
