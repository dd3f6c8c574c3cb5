from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "partyschool.audit"
    verbose_name = _("Audit")

    def ready(self) -> None:
        from .selectors import history  # noqa: F401, PLC0415 -- offers its answers
        from .services import deeds  # noqa: F401, PLC0415 -- begins to listen
