from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Role(models.TextChoices):
    """What a person comes to the portal for. Rights: `accounts.permissions`; how far they reach: `accounts.scope`."""

    STAFF = "staff", _("School staff")
    OFFICER = "officer", _("Unit training officer")
    TRAINEE = "trainee", _("Trainee")
    ORGDEPT = "orgdept", _("Organisation department")
    TEACHER = "teacher", _("Teacher")
    FINANCE = "finance", _("Finance")
    LEADER = "leader", _("School leader")
    AUDITOR = "auditor", _("Auditor")
    ADMIN = "admin", _("System administrator")


UNIT_BOUND_ROLES = frozenset({Role.OFFICER, Role.ORGDEPT})


class UnitKind(models.TextChoices):
    CITY = "city", _("City")
    ORG_DEPARTMENT = "org_department", _("Organisation department")
    BUREAU = "bureau", _("Department or bureau")
    TOWNSHIP = "township", _("Township or street")
    INSTITUTION = "institution", _("Public institution")
    ENTERPRISE = "enterprise", _("Enterprise")
    DIVISION = "division", _("Division")


class UnitChangeKind(models.TextChoices):
    """What can become of a unit."""

    CREATED = "created", pgettext_lazy("unit", "Created")
    MOVED = "moved", pgettext_lazy("unit", "Moved")
    MERGED = "merged", pgettext_lazy("unit", "Merged into another")
    CLOSED = "closed", pgettext_lazy("unit", "Closed down")
    REOPENED = "reopened", pgettext_lazy("unit", "Reopened")
    RENAMED = "renamed", pgettext_lazy("unit", "Renamed")
