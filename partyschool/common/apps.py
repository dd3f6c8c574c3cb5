from django.apps import AppConfig
from django.contrib.admin import apps as admin


class CommonConfig(AppConfig):
    name = "partyschool.common"
    label = "common"
    default = True

    def ready(self) -> None:
        from . import checks, converters  # noqa: F401, PLC0415 -- registers deployment checks and path converters


class PortalAdminConfig(admin.AdminConfig):
    """Makes `PortalAdminSite` the site that `admin.site` and `admin.register` speak of."""

    default = False
    default_site = "partyschool.common.adminsite.PortalAdminSite"
