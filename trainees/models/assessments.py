from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from partyschool.accounts.models import Unit
from partyschool.common import clock
from partyschool.common.scoping import ScopedModel
from trainees.enums import AssessmentResult, CreditCategory, ExemptionGround, Grade, Rank
from trainees.querysets import AssessmentQuerySet, CadreRecordQuerySet

from .cadres import Cadre
from .credits import CreditScheme

# Earned, cap and counted.
FIGURES = 3


class AssessmentExemption(ScopedModel):
    """Why a cadre is not assessed in one year."""

    cadre = models.ForeignKey(
        Cadre, verbose_name=_("cadre"), on_delete=models.PROTECT, related_name="exemptions"
    )
    year = models.PositiveSmallIntegerField(_("year"))
    ground = models.CharField(_("ground"), max_length=16, choices=ExemptionGround)
    note = models.CharField(_("note"), max_length=200, blank=True)

    objects = CadreRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("assessment exemption")
        verbose_name_plural = _("assessment exemptions")
        constraints = [
            models.UniqueConstraint(fields=["cadre", "year"], name="trainees_assessmentexemption_once_uq"),
            models.CheckConstraint(
                condition=Q(ground__in=ExemptionGround.values), name="trainees_assessmentexemption_ground_ck"
            ),
        ]

    def __str__(self) -> str:
        return self.get_ground_display()


class InForceManager(models.Manager.from_queryset(AssessmentQuerySet)):  # type: ignore[misc]  # made by a function
    """The results in force: a result that was corrected after sealing is read through `YearlyAssessment.versions` alone."""

    def get_queryset(self) -> AssessmentQuerySet:
        return super().get_queryset().filter(superseded=False)


class YearlyAssessment(ScopedModel):
    """The result of one cadre's year, written by `close_year` from ledger and scheme, with everything needed to explain it.

    `unit`, `jurisdiction` and `rank` are those of the closing. `figures` holds earned, cap (null where there is none) and counted
    credits of each category, in the order of `CreditCategory`; `breakdown` reads them by name. `reasons` is a list of
    `{"code": "short", "category": "" | category, "needed": …, "counted": …}` or `{"code": "exempt", "ground": …}`.
    A failed cadre cannot be rated excellent in the annual appraisal (`bars_excellent`).

    Sealing the year sets `sealed`: from then on the row stands still (trigger). A stated correction is a further sealed row that
    names the one it `corrects`, which thereby is `superseded`; `objects` are the results in force, `versions` all.

    Results are derived: the closing copies their keys from rows that stand, so they are not checked again row by row, which would
    cost as much as all the counting. What they name cannot go (triggers on cadres, units and schemes; users by the audit trail).
    """

    cadre = models.ForeignKey(
        Cadre,
        verbose_name=_("cadre"),
        on_delete=models.PROTECT,
        related_name="assessments",
        db_constraint=False,
    )
    year = models.PositiveSmallIntegerField(_("year"))
    unit = models.ForeignKey(
        Unit,
        verbose_name=_("unit"),
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    jurisdiction = models.ForeignKey(
        Unit,
        verbose_name=_("organisation department"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
    )
    rank = models.CharField(_("rank"), max_length=20, choices=Rank)
    scheme = models.ForeignKey(
        CreditScheme,
        verbose_name=_("scheme"),
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    earned = models.DecimalField(_("credits earned"), max_digits=9, decimal_places=2)
    counted = models.DecimalField(_("credits counted"), max_digits=9, decimal_places=2)
    needed = models.DecimalField(_("credits needed"), max_digits=9, decimal_places=2)
    figures = ArrayField(
        models.DecimalField(max_digits=9, decimal_places=2, null=True), verbose_name=_("figures per category")
    )
    reasons = models.JSONField(_("reasons"))
    result = models.CharField(_("result"), max_length=6, choices=AssessmentResult)
    grade = models.CharField(_("grade"), max_length=9, choices=Grade)
    bars_excellent = models.BooleanField(_("cannot be rated excellent"))
    closed_at = models.DateTimeField(_("closed at"), default=clock.now)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("closed by"),
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )

    sealed = models.BooleanField(_("sealed"), default=False, editable=False)
    superseded = models.BooleanField(_("corrected since"), default=False, editable=False)
    corrects = models.ForeignKey(
        "self",
        verbose_name=_("corrects"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="corrections",
        db_constraint=False,
        db_index=False,
    )
    correction_reason = models.CharField(
        _("reason of the correction"), max_length=400, blank=True, editable=False
    )

    objects = InForceManager()
    versions = AssessmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("yearly assessment")
        verbose_name_plural = _("yearly assessments")
        constraints = [
            models.UniqueConstraint(
                fields=["year", "cadre"],
                condition=Q(superseded=False),
                name="trainees_yearlyassessment_once_uq",
            ),
            models.UniqueConstraint(
                fields=["corrects"],
                condition=Q(corrects__isnull=False),
                name="trainees_yearlyassessment_corrects_uq",
            ),
            models.CheckConstraint(
                condition=Q(corrects__isnull=True, correction_reason="")
                | (Q(corrects__isnull=False, sealed=True) & ~Q(correction_reason="")),
                name="trainees_yearlyassessment_correction_ck",
            ),
            models.CheckConstraint(
                condition=Q(grade=F("result")) | Q(grade=Grade.EXCELLENT, result=AssessmentResult.PASS),
                name="trainees_yearlyassessment_grade_ck",
            ),
            models.CheckConstraint(
                condition=Q(result__in=AssessmentResult.values), name="trainees_yearlyassessment_result_ck"
            ),
            models.CheckConstraint(
                condition=Q(bars_excellent=True, result=AssessmentResult.FAIL)
                | (Q(bars_excellent=False) & ~Q(result=AssessmentResult.FAIL)),
                name="trainees_yearlyassessment_bars_ck",
            ),
            models.CheckConstraint(
                condition=Q(figures__len=FIGURES * len(CreditCategory)),
                name="trainees_yearlyassessment_figures_ck",
            ),
        ]
        indexes = [
            # A department reads one year of its units, the school the least or most credits of a year.
            models.Index(fields=["unit", "year"], name="trainees_assessment_unit_ix"),
            models.Index(fields=["year", "counted", "id"], name="trainees_assessment_list_ix"),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.get_result_display()}"

    @property
    def breakdown(self) -> dict[str, dict[str, Decimal | None]]:
        """`{category: {"earned": …, "cap": …, "counted": …}}` for every category, in credits; cap None where there is none."""
        parts = zip(*[iter(self.figures)] * FIGURES, strict=True)
        return {
            category: {"earned": earned, "cap": cap, "counted": counted}
            for category, (earned, cap, counted) in zip(CreditCategory.values, parts, strict=True)
        }

    @breakdown.setter
    def breakdown(self, parts: dict[str, dict[str, Decimal | None]]) -> None:
        nothing = {"earned": Decimal(0), "cap": None, "counted": Decimal(0)}
        self.figures = [
            parts.get(category, nothing)[name]
            for category in CreditCategory.values
            for name in ("earned", "cap", "counted")
        ]
