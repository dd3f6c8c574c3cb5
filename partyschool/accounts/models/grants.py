from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partyschool.accounts.enums import UNIT_BOUND_ROLES, Role
from partyschool.common import clock

from .units import Unit


class RoleGrantQuerySet(models.QuerySet):
    def valid_on(self, day: date) -> "RoleGrantQuerySet":
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=day), valid_from__lte=day)


class RoleGrant(models.Model):
    """A role that a user holds from one day to another; officers and organisation departments hold it for one unit's subtree."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.PROTECT, related_name="grants"
    )
    role = models.CharField(_("role"), max_length=10, choices=Role)
    unit = models.ForeignKey(
        Unit, verbose_name=_("unit"), null=True, blank=True, on_delete=models.PROTECT, related_name="grants"
    )
    valid_from = models.DateField(_("valid from"), default=clock.school_date)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    objects = RoleGrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("role grant")
        verbose_name_plural = _("role grants")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "unit"], nulls_distinct=False, name="accounts_rolegrant_once_uq"
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="accounts_rolegrant_role_ck"),
            models.CheckConstraint(
                condition=Q(role__in=UNIT_BOUND_ROLES, unit__isnull=False)
                | (~Q(role__in=UNIT_BOUND_ROLES) & Q(unit__isnull=True)),
                name="accounts_rolegrant_unit_ck",
                violation_error_message=_(
                    "Officers and organisation departments need a unit; other roles have none."
                ),
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=models.F("valid_from")),
                name="accounts_rolegrant_dates_ck",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}" + (f" ({self.unit})" if self.unit else "")
