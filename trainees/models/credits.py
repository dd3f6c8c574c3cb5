from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from courses.enums import OfferingKind
from courses.models import Offering
from partyschool.common.ledger import LedgerEntry
from partyschool.common.scoping import ScopedModel
from trainees.enums import CreditCategory, Rank, SchemeState
from trainees.querysets import CadreRecordQuerySet

from .cadres import Cadre


class CreditScheme(models.Model):
    """The credit rules of one year, in one version. One version per year is in force; entries name the version they were made under."""

    year = models.PositiveSmallIntegerField(_("year"))
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    name = models.CharField(_("name"), max_length=80)
    state = models.CharField(_("state"), max_length=8, choices=SchemeState, default=SchemeState.DRAFT)
    source = models.CharField(
        _("source"), max_length=200, blank=True, help_text=_("The document these figures come from.")
    )
    missed_limit = models.DecimalField(
        _("share that may be missed"),
        max_digits=5,
        decimal_places=4,
        default=Decimal("0.1429"),
        help_text=_(
            "Whoever misses more of the class-hours, on leave or absent, has not completed the offering. 0.1429 is one seventh."
        ),
    )

    class Meta:
        verbose_name = _("credit scheme")
        verbose_name_plural = _("credit schemes")
        constraints = [
            models.UniqueConstraint(fields=["year", "version"], name="trainees_creditscheme_version_uq"),
            models.UniqueConstraint(
                fields=["year"],
                condition=Q(state=SchemeState.IN_FORCE),
                name="trainees_creditscheme_in_force_uq",
            ),
            models.CheckConstraint(
                condition=Q(state__in=SchemeState.values), name="trainees_creditscheme_state_ck"
            ),
            models.CheckConstraint(
                condition=Q(missed_limit__gte=0, missed_limit__lt=1), name="trainees_creditscheme_missed_ck"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class CreditRule(models.Model):
    """How an activity earns credits: credits per attended class-hour, filed under a category."""

    scheme = models.ForeignKey(
        CreditScheme, verbose_name=_("scheme"), on_delete=models.PROTECT, related_name="rules"
    )
    activity = models.CharField(_("activity"), max_length=20, choices=OfferingKind)
    category = models.CharField(_("category"), max_length=14, choices=CreditCategory)
    credits_per_hour = models.DecimalField(_("credits per class-hour"), max_digits=5, decimal_places=2)

    class Meta:
        verbose_name = _("credit rule")
        verbose_name_plural = _("credit rules")
        constraints = [
            models.UniqueConstraint(fields=["scheme", "activity"], name="trainees_creditrule_activity_uq"),
            models.CheckConstraint(
                condition=Q(category__in=CreditCategory.values), name="trainees_creditrule_category_ck"
            ),
            models.CheckConstraint(condition=Q(credits_per_hour__gte=0), name="trainees_creditrule_rate_ck"),
        ]

    def __str__(self) -> str:
        return f"{self.get_activity_display()}: {self.credits_per_hour}"


class CreditCap(models.Model):
    """The most credits of one category that count in a year."""

    scheme = models.ForeignKey(
        CreditScheme, verbose_name=_("scheme"), on_delete=models.PROTECT, related_name="caps"
    )
    category = models.CharField(_("category"), max_length=14, choices=CreditCategory)
    most = models.DecimalField(_("at most"), max_digits=7, decimal_places=2)

    class Meta:
        verbose_name = _("credit cap")
        verbose_name_plural = _("credit caps")
        constraints = [
            models.UniqueConstraint(fields=["scheme", "category"], name="trainees_creditcap_category_uq"),
            models.CheckConstraint(condition=Q(most__gte=0), name="trainees_creditcap_most_ck"),
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()} ≤ {self.most}"


class CreditRequirement(models.Model):
    """The least credits a rank needs in a year: in one category, or in total where `category` is empty."""

    scheme = models.ForeignKey(
        CreditScheme, verbose_name=_("scheme"), on_delete=models.PROTECT, related_name="requirements"
    )
    rank = models.CharField(_("rank"), max_length=20, choices=Rank)
    category = models.CharField(_("category"), max_length=14, choices=CreditCategory, blank=True)
    least = models.DecimalField(_("at least"), max_digits=7, decimal_places=2)

    class Meta:
        verbose_name = _("credit requirement")
        verbose_name_plural = _("credit requirements")
        constraints = [
            models.UniqueConstraint(
                fields=["scheme", "rank", "category"], name="trainees_creditrequirement_uq"
            ),
            models.CheckConstraint(condition=Q(least__gte=0), name="trainees_creditrequirement_least_ck"),
        ]

    def __str__(self) -> str:
        return f"{self.get_rank_display()} ≥ {self.least}"


class CreditEntry(ScopedModel, LedgerEntry):
    """Credits of one cadre from one source: `amount` is credits, `hours` the class-hours they rest on."""

    OWNER: ClassVar = "cadre_id"
    MEASURES: ClassVar = ("hours",)

    cadre = models.ForeignKey(
        Cadre, verbose_name=_("cadre"), on_delete=models.PROTECT, related_name="credit_entries"
    )
    category = models.CharField(_("category"), max_length=14, choices=CreditCategory)
    hours = models.DecimalField(_("class-hours"), max_digits=7, decimal_places=2)
    earned_on = models.DateField(_("earned on"))
    offering = models.ForeignKey(
        Offering,
        verbose_name=_("offering"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="credit_entries",
    )
    scheme = models.ForeignKey(
        CreditScheme, verbose_name=_("scheme"), on_delete=models.PROTECT, related_name="+"
    )

    objects = CadreRecordQuerySet.as_manager()

    class Meta(LedgerEntry.Meta):
        verbose_name = _("credit entry")
        verbose_name_plural = _("credit entries")
        constraints = [
            *LedgerEntry.Meta.constraints,
            models.CheckConstraint(
                condition=Q(category__in=CreditCategory.values), name="trainees_creditentry_category_ck"
            ),
        ]
        indexes = [
            # Carries what the closing of a year adds up, so that it reads the index alone.
            models.Index(
                fields=["year", "cadre", "category"], include=["amount"], name="trainees_credit_year_ix"
            ),
            # By year first, so that an earlier year is not reached by reading all that came after it.
            models.Index(fields=["-year", "-earned_on", "-id"], name="trainees_credit_newest_ix"),
        ]
