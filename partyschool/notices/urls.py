from django.urls import path

from .views import notices

app_name = "notices"
urlpatterns = [
    path("", notices.notice_list, name="list"),
    path("read/", notices.notices_read, name="read"),
    path("<key:pk>/open/", notices.notice_open, name="open"),
]
