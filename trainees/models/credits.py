from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from courses.enums import OfferingKind
from courses.models import Offering
from partyschool.common.ledger import LedgerEntry
from partyschool.common.scoping import ScopedModel
from trainees.enums import CreditBasis, CreditCategory, PenaltyCause, Rank, RecognisedActivity, SchemeState
from trainees.querysets import CadreRecordQuerySet

from .cadres import Cadre
from .dated import Dated, days_of_row, in_order


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
    carry_category = models.CharField(
        _("surplus of the year before counts as"), max_length=14, choices=CreditCategory, blank=True
    )
    carry_most = models.DecimalField(
        _("surplus carried over, at most"), max_digits=7, decimal_places=2, default=Decimal(0)
    )
    excellent_factor = models.DecimalField(
        _("excellent from this multiple of the total needed"),
        max_digits=4,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("Empty: the year has no grade “excellent”."),
    )
    conduct_least = models.DecimalField(
        _("least total of conduct"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_(
            "Whoever has a lower conduct total in any class of the year fails. Empty: conduct fails nobody."
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
            models.CheckConstraint(
                condition=Q(carry_most=0, carry_category="")
                | (Q(carry_most__gt=0) & Q(carry_category__in=CreditCategory.values)),
                name="trainees_creditscheme_carry_ck",
                violation_error_message=_(
                    "A surplus is carried over with a category and an upper limit, or not at all."
                ),
            ),
            models.CheckConstraint(
                condition=Q(excellent_factor__isnull=True) | Q(excellent_factor__gte=1),
                name="trainees_creditscheme_excellent_ck",
            ),
            models.CheckConstraint(
                condition=Q(conduct_least__isnull=True) | Q(conduct_least__gte=0, conduct_least__lte=100),
                name="trainees_creditscheme_conduct_ck",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


ACTIVITIES = (*OfferingKind.choices, *RecognisedActivity.choices)


class CreditRule(models.Model):
    """How an activity earns credits: `rate` per class-hour, day or item, filed under a category, at most `most` a year.

    What the school runs (`OfferingKind`) is counted by attended class-hours; `RecognisedActivity` by what a claim brings.
    """

    scheme = models.ForeignKey(
        CreditScheme, verbose_name=_("scheme"), on_delete=models.PROTECT, related_name="rules"
    )
    activity = models.CharField(_("activity"), max_length=20, choices=ACTIVITIES)
    category = models.CharField(_("category"), max_length=14, choices=CreditCategory)
    basis = models.CharField(_("counted"), max_length=4, choices=CreditBasis, default=CreditBasis.HOUR)
    rate = models.DecimalField(_("credits"), max_digits=5, decimal_places=2)
    most = models.DecimalField(
        _("at most a year"),
        max_digits=7,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("For claims only: credits beyond it are not recognised."),
    )

    class Meta:
        verbose_name = _("credit rule")
        verbose_name_plural = _("credit rules")
        constraints = [
            models.UniqueConstraint(fields=["scheme", "activity"], name="trainees_creditrule_activity_uq"),
            models.CheckConstraint(
                condition=Q(category__in=CreditCategory.values), name="trainees_creditrule_category_ck"
            ),
            models.CheckConstraint(condition=Q(rate__gte=0), name="trainees_creditrule_rate_ck"),
            models.CheckConstraint(
                condition=Q(activity__in=[code for code, _label in ACTIVITIES]),
                name="trainees_creditrule_activity_ck",
            ),
            models.CheckConstraint(
                condition=Q(basis=CreditBasis.HOUR, most__isnull=True)
                | Q(activity__in=RecognisedActivity.values, basis__in=CreditBasis.values),
                name="trainees_creditrule_basis_ck",
                violation_error_message=_(
                    "What the school runs is counted per class-hour and has no own upper limit; use a cap of its category."
                ),
            ),
            models.CheckConstraint(
                condition=Q(most__isnull=True) | Q(most__gte=0), name="trainees_creditrule_most_ck"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_activity_display()}: {self.rate}"


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


class CreditShare(models.Model):
    """The least share of the counted credits that must come from one category: whoever has less has not reached the year's aim."""

    scheme = models.ForeignKey(
        CreditScheme, verbose_name=_("scheme"), on_delete=models.PROTECT, related_name="shares"
    )
    category = models.CharField(_("category"), max_length=14, choices=CreditCategory)
    least = models.DecimalField(_("share, at least"), max_digits=5, decimal_places=4)

    class Meta:
        verbose_name = _("credit share")
        verbose_name_plural = _("credit shares")
        constraints = [
            models.UniqueConstraint(fields=["scheme", "category"], name="trainees_creditshare_category_uq"),
            models.CheckConstraint(
                condition=Q(least__gt=0, least__lte=1), name="trainees_creditshare_least_ck"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()} ≥ {self.least:%}"


class CreditPenalty(models.Model):
    """Credits taken off, as entries of their own, when an offering is closed: so many for each occurrence of the cause."""

    scheme = models.ForeignKey(
        CreditScheme, verbose_name=_("scheme"), on_delete=models.PROTECT, related_name="penalties"
    )
    cause = models.CharField(_("cause"), max_length=8, choices=PenaltyCause)
    credits = models.DecimalField(_("credits taken off"), max_digits=5, decimal_places=2)

    class Meta:
        verbose_name = _("credit penalty")
        verbose_name_plural = _("credit penalties")
        constraints = [
            models.UniqueConstraint(fields=["scheme", "cause"], name="trainees_creditpenalty_cause_uq"),
            models.CheckConstraint(condition=Q(credits__gt=0), name="trainees_creditpenalty_credits_ck"),
            models.CheckConstraint(
                condition=Q(cause__in=PenaltyCause.values), name="trainees_creditpenalty_cause_ck"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_cause_display()}: -{self.credits}"


class CycleRequirement(Dated):
    """The class-hours of concentrated training that a rank needs over a cycle of years, as the rules have it on the row's days."""

    rank = models.CharField(_("rank"), max_length=20, choices=Rank)
    first_year = models.PositiveSmallIntegerField(_("first year"))
    last_year = models.PositiveSmallIntegerField(_("last year"))
    hours = models.DecimalField(_("class-hours, at least"), max_digits=7, decimal_places=2)

    class Meta:
        verbose_name = _("requirement of a cycle")
        verbose_name_plural = _("requirements of cycles")
        constraints = [
            models.CheckConstraint(condition=in_order(), name="trainees_cyclerequirement_dates_ck"),
            ExclusionConstraint(
                name="trainees_cyclerequirement_one_ex",
                expressions=[
                    ("rank", RangeOperators.EQUAL),
                    ("first_year", RangeOperators.EQUAL),
                    (days_of_row(), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("Another requirement of this cycle holds on some of these days."),
            ),
            models.CheckConstraint(
                condition=Q(last_year__gte=F("first_year")), name="trainees_cyclerequirement_years_ck"
            ),
            models.CheckConstraint(
                condition=Q(rank__in=Rank.values), name="trainees_cyclerequirement_rank_ck"
            ),
            models.CheckConstraint(condition=Q(hours__gte=0), name="trainees_cyclerequirement_hours_ck"),
        ]

    def __str__(self) -> str:
        return f"{self.first_year}–{self.last_year} {self.get_rank_display()} ≥ {self.hours}"


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
