from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "partyschool.accounts"
    verbose_name = _("Accounts and units")

    def ready(self) -> None:
        from . import checks  # noqa: F401, PLC0415 -- registers the system checks
