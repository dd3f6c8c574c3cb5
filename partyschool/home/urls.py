from django.urls import path

from .views import health, index

app_name = "home"

urlpatterns = [
    path("", index.index, name="index"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
