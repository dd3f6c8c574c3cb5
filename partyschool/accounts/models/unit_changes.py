from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from partyschool.accounts.enums import UnitChangeKind
from partyschool.common import clock

from .units import Unit


class UnitChange(models.Model):
    """One line of a unit's history: what became of it, from which day on, why and by whom. Written once, never changed (triggers).

    `from_parent` and `to_parent` are the units above before and after, for what has a place; `into` is the unit that took a merged one
    over; `old_name` and `new_name` belong to a renaming. `effective_on` is the day of the decision, `at` the moment it was entered,
    from which on scope follows.
    """

    unit = models.ForeignKey(Unit, verbose_name=_("unit"), on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(_("what happened"), max_length=10, choices=UnitChangeKind)
    from_parent = models.ForeignKey(
        Unit, verbose_name=_("from under"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    to_parent = models.ForeignKey(
        Unit, verbose_name=_("to under"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    into = models.ForeignKey(
        Unit,
        verbose_name=_("merged into"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="takeovers",
    )
    old_name = models.CharField(_("old name"), max_length=100, blank=True)
    new_name = models.CharField(_("new name"), max_length=100, blank=True)
    effective_on = models.DateField(_("effective from"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(_("entered at"), default=clock.now)

    class Meta:
        verbose_name = _("change of a unit")
        verbose_name_plural = _("changes of units")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=UnitChangeKind.values), name="accounts_unitchange_kind_ck"
            ),
            models.CheckConstraint(
                condition=Q(kind=UnitChangeKind.MERGED, into__isnull=False)
                | (~Q(kind=UnitChangeKind.MERGED) & Q(into__isnull=True)),
                name="accounts_unitchange_into_ck",
            ),
            models.CheckConstraint(condition=~Q(into=F("unit")), name="accounts_unitchange_self_ck"),
            models.CheckConstraint(
                condition=(Q(kind=UnitChangeKind.RENAMED) & ~Q(new_name="") & ~Q(old_name=""))
                | (~Q(kind=UnitChangeKind.RENAMED) & Q(new_name="", old_name="")),
                name="accounts_unitchange_names_ck",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[UnitChangeKind.CREATED, UnitChangeKind.MOVED, UnitChangeKind.MERGED])
                | Q(from_parent__isnull=True, to_parent__isnull=True),
                name="accounts_unitchange_place_ck",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit}: {self.get_kind_display()}"
