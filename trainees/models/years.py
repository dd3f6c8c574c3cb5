from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from courses.models import Offering
from partyschool.common import clock
from partyschool.common.scoping import ScopedModel
from trainees.enums import MakeUpState, ObjectionState, YearState
from trainees.querysets import AssessmentRecordQuerySet

from .assessments import YearlyAssessment


class AssessmentYear(models.Model):
    """How far the yearly assessment of one year has come: preview → objection → sealed, never back (trigger)."""

    year = models.PositiveSmallIntegerField(_("year"), unique=True)
    state = models.CharField(_("state"), max_length=9, choices=YearState, default=YearState.PREVIEW)
    objections_until = models.DateTimeField(_("objections until"), null=True, blank=True)
    opened_at = models.DateTimeField(_("opened to objections at"), null=True, blank=True)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("opened by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    sealed_at = models.DateTimeField(_("sealed at"), null=True, blank=True)
    sealed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("sealed by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        verbose_name = _("assessment year")
        verbose_name_plural = _("assessment years")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=YearState.values), name="trainees_assessmentyear_state_ck"
            ),
            models.CheckConstraint(
                condition=Q(state=YearState.PREVIEW)
                | Q(objections_until__isnull=False, opened_at__isnull=False, opened_by__isnull=False),
                name="trainees_assessmentyear_opened_ck",
            ),
            models.CheckConstraint(
                condition=Q(state=YearState.SEALED, sealed_at__isnull=False, sealed_by__isnull=False)
                | (~Q(state=YearState.SEALED) & Q(sealed_at__isnull=True)),
                name="trainees_assessmentyear_sealed_ck",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.get_state_display()}"


class AssessmentObjection(ScopedModel):
    """An objection to one result, by the cadre or for the cadre by the unit: raised → upheld | rejected (with the reason) | withdrawn."""

    assessment = models.ForeignKey(
        YearlyAssessment, verbose_name=_("result"), on_delete=models.PROTECT, related_name="objections"
    )
    text = models.TextField(_("objection"), max_length=2000)
    by_unit = models.BooleanField(_("raised by the unit"), default=False)
    state = models.CharField(_("state"), max_length=9, choices=ObjectionState, default=ObjectionState.RAISED)
    raised_at = models.DateTimeField(_("raised at"), default=clock.now)
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("raised by"), on_delete=models.PROTECT, related_name="+"
    )
    answer = models.TextField(_("answer"), max_length=2000, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("answered by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects = AssessmentRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("objection")
        verbose_name_plural = _("objections")
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "by_unit"],
                condition=Q(state=ObjectionState.RAISED),
                name="trainees_assessmentobjection_open_uq",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ObjectionState.values), name="trainees_assessmentobjection_state_ck"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="trainees_assessmentobjection_text_ck"),
            models.CheckConstraint(
                condition=~Q(state__in=[ObjectionState.UPHELD, ObjectionState.REJECTED])
                | (
                    ~Q(answer="")
                    & Q(answered_at__isnull=False, answered_by__isnull=False)
                    & ~Q(answered_by=F("raised_by"))
                ),
                name="trainees_assessmentobjection_answer_ck",
            ),
        ]
        indexes = [models.Index(fields=["state", "raised_at", "id"], name="trainees_objection_desk_ix")]

    def __str__(self) -> str:
        return f"{self.assessment} {self.get_state_display()}"


class MakeUpPlan(ScopedModel):
    """What a cadre who failed a year does to make up for it, by when. planned → done | missed | cancelled.

    `ended_by` is empty where the portal found it missed.
    """

    assessment = models.ForeignKey(
        YearlyAssessment, verbose_name=_("result"), on_delete=models.PROTECT, related_name="make_up_plans"
    )
    offering = models.ForeignKey(
        Offering,
        verbose_name=_("offering"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    content = models.CharField(_("what is made up"), max_length=200)
    credits = models.DecimalField(_("credits"), max_digits=7, decimal_places=2)
    due_on = models.DateField(_("due on"))
    state = models.CharField(_("state"), max_length=9, choices=MakeUpState, default=MakeUpState.PLANNED)
    planned_at = models.DateTimeField(_("planned at"), default=clock.now)
    planned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("planned by"), on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("ended by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    outcome = models.CharField(_("outcome"), max_length=200, blank=True)

    objects = AssessmentRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("make-up training")
        verbose_name_plural = _("make-up trainings")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=MakeUpState.values), name="trainees_makeupplan_state_ck"
            ),
            models.CheckConstraint(condition=Q(credits__gt=0), name="trainees_makeupplan_credits_ck"),
            models.CheckConstraint(
                condition=Q(state=MakeUpState.PLANNED, ended_at__isnull=True)
                | (~Q(state=MakeUpState.PLANNED) & Q(ended_at__isnull=False, ended_by__isnull=False))
                | Q(state=MakeUpState.MISSED, ended_at__isnull=False),
                name="trainees_makeupplan_ended_ck",
            ),
        ]

    def __str__(self) -> str:
        return self.content
