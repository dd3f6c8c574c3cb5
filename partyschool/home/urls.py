from django.urls import path

from .views import health, index, language

app_name = "home"

urlpatterns = [
    path("", index.index, name="index"),
    path("language/", language.language, name="language"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
