from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from courses.models import Offering
from partyschool.common import clock
from partyschool.common.scoping import ScopedModel
from trainees.enums import ConductDimension, ConductGrade, ConductState
from trainees.querysets import ConductQuerySet, ConductRecordQuerySet

from .enrolments import Enrolment

MOST = 100


class ConductWeights(models.Model):
    """What each dimension of conduct weighs in a year, in per cent; a dimension of weight 0 is not scored. Marks are totals of 0–100."""

    year = models.PositiveSmallIntegerField(_("year"), unique=True)
    attitude = models.PositiveSmallIntegerField(ConductDimension.ATTITUDE.label)
    theory = models.PositiveSmallIntegerField(ConductDimension.THEORY.label)
    party_spirit = models.PositiveSmallIntegerField(ConductDimension.PARTY_SPIRIT.label)
    discipline = models.PositiveSmallIntegerField(ConductDimension.DISCIPLINE.label, default=0)
    excellent_from = models.PositiveSmallIntegerField(_("excellent from"))
    good_from = models.PositiveSmallIntegerField(_("good from"))
    pass_from = models.PositiveSmallIntegerField(_("pass from"))
    source = models.CharField(_("source"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("weights of conduct")
        verbose_name_plural = _("weights of conduct")
        constraints = [
            models.CheckConstraint(
                condition=Q(attitude=MOST - F("theory") - F("party_spirit") - F("discipline")),
                name="trainees_conductweights_sum_ck",
                violation_error_message=_("The weights must add up to 100."),
            ),
            models.CheckConstraint(
                condition=Q(
                    excellent_from__gte=F("good_from"),
                    good_from__gte=F("pass_from"),
                    excellent_from__lte=MOST,
                ),
                name="trainees_conductweights_marks_ck",
                violation_error_message=_("Excellent starts above good, good above pass, none above 100."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.year)


class ConductSheet(models.Model):
    """The conduct assessment of one class: open → submitted → released.

    Triggers hold that a sheet is released only with the right total and grade of everybody on the roster, that it stands still
    with its scores and its weights from then on, and that a score moves after submission only with a `ConductChange` behind it.
    """

    offering = models.OneToOneField(
        Offering, verbose_name=_("class"), on_delete=models.PROTECT, related_name="conduct_sheet"
    )
    weights = models.ForeignKey(
        ConductWeights, verbose_name=_("weights"), on_delete=models.PROTECT, related_name="sheets"
    )
    state = models.CharField(_("state"), max_length=9, choices=ConductState, default=ConductState.OPEN)
    opened_at = models.DateTimeField(_("opened at"), default=clock.now)
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("submitted by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    returned_for = models.CharField(
        _("returned because"),
        max_length=200,
        blank=True,
        help_text=_("Why moderation gave the sheet back to the class teacher last."),
    )
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("released by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        verbose_name = _("conduct assessment of a class")
        verbose_name_plural = _("conduct assessments of classes")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ConductState.values), name="trainees_conductsheet_state_ck"
            ),
            models.CheckConstraint(
                condition=Q(state=ConductState.OPEN)
                | Q(submitted_at__isnull=False, submitted_by__isnull=False),
                name="trainees_conductsheet_submitted_ck",
            ),
            models.CheckConstraint(
                condition=~Q(state=ConductState.RELEASED)
                | (
                    Q(released_at__isnull=False, released_by__isnull=False)
                    & ~Q(released_by=F("submitted_by"))
                ),
                name="trainees_conductsheet_two_people_ck",
            ),
        ]

    def __str__(self) -> str:
        return str(self.offering)


class ConductScore(ScopedModel):
    """The conduct of one trainee in one class, 0–100 per dimension; null while not scored (or not used that year).

    `total` (weighted, 0–100) and `grade` are set when the sheet is released.
    """

    sheet = models.ForeignKey(
        ConductSheet, verbose_name=_("class"), on_delete=models.PROTECT, related_name="scores"
    )
    enrolment = models.OneToOneField(
        Enrolment, verbose_name=_("enrolment"), on_delete=models.PROTECT, related_name="conduct"
    )
    attitude = models.PositiveSmallIntegerField(ConductDimension.ATTITUDE.label, null=True, blank=True)
    theory = models.PositiveSmallIntegerField(ConductDimension.THEORY.label, null=True, blank=True)
    party_spirit = models.PositiveSmallIntegerField(
        ConductDimension.PARTY_SPIRIT.label, null=True, blank=True
    )
    discipline = models.PositiveSmallIntegerField(ConductDimension.DISCIPLINE.label, null=True, blank=True)
    comment = models.CharField(_("comment"), max_length=400, blank=True)
    total = models.DecimalField(_("total"), max_digits=5, decimal_places=2, null=True, blank=True)
    grade = models.CharField(_("grade"), max_length=9, choices=ConductGrade, blank=True)
    scored_at = models.DateTimeField(_("scored at"), default=clock.now)
    scored_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("scored by"), on_delete=models.PROTECT, related_name="+"
    )

    objects = ConductQuerySet.as_manager()

    class Meta:
        verbose_name = _("conduct score")
        verbose_name_plural = _("conduct scores")
        constraints = [
            models.CheckConstraint(
                condition=Q(attitude__isnull=True) | Q(attitude__lte=MOST),
                name="trainees_conductscore_attitude_ck",
            ),
            models.CheckConstraint(
                condition=Q(theory__isnull=True) | Q(theory__lte=MOST), name="trainees_conductscore_theory_ck"
            ),
            models.CheckConstraint(
                condition=Q(party_spirit__isnull=True) | Q(party_spirit__lte=MOST),
                name="trainees_conductscore_spirit_ck",
            ),
            models.CheckConstraint(
                condition=Q(discipline__isnull=True) | Q(discipline__lte=MOST),
                name="trainees_conductscore_discipline_ck",
            ),
            models.CheckConstraint(
                condition=Q(total__isnull=True, grade="")
                | (Q(total__gte=0, total__lte=MOST) & Q(grade__in=ConductGrade.values)),
                name="trainees_conductscore_total_ck",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} {self.total}"


class ConductChange(ScopedModel):
    """A score changed in moderation: what it was, what it became, why. Append-only."""

    score = models.ForeignKey(
        ConductScore, verbose_name=_("conduct score"), on_delete=models.PROTECT, related_name="changes"
    )
    dimension = models.CharField(_("dimension"), max_length=12, choices=ConductDimension)
    before = models.PositiveSmallIntegerField(_("before"), null=True)
    after = models.PositiveSmallIntegerField(_("after"))
    reason = models.CharField(_("reason"), max_length=200)
    made_at = models.DateTimeField(_("made at"), default=clock.now)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("made by"), on_delete=models.PROTECT, related_name="+"
    )

    objects = ConductRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("moderation of conduct")
        verbose_name_plural = _("moderations of conduct")
        constraints = [
            models.CheckConstraint(
                condition=Q(dimension__in=ConductDimension.values), name="trainees_conductchange_dimension_ck"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="trainees_conductchange_reason_ck"),
        ]

    def __str__(self) -> str:
        return f"{self.get_dimension_display()}: {self.before} → {self.after}"
