from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StandardsConfig(AppConfig):
    name = "partyschool.standards"
    verbose_name = _("Standards board")

    def ready(self) -> None:
        """Rounds are set up on a floor below, which knows no targets."""
        from .selectors import rounds  # noqa: F401, PLC0415 -- models are loaded by now
