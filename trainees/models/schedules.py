from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partyschool.jobs.models import Job
from trainees.enums import Edition, Frequency, NoticeType

FAULTS_MOST = 3


class ReportSchedule(models.Model):
    """When reports are made by themselves, in the school's time. After `FAULTS_MOST` failures in a row it pauses and staff are told.

    `yearly` runs once a year in `month` and reports the year before; `quarterly` runs in the month after each quarter. `next_at` is the
    next due instant; a run that is missed is made once, not for every time it was missed. `ordered_by` is who last set the schedule up:
    the reports are issued on behalf of this person.
    """

    name = models.CharField(_("name"), max_length=80)
    edition = models.CharField(_("kind of report"), max_length=7, choices=Edition)
    doc_type = models.CharField(
        _("kind of document"), max_length=8, choices=NoticeType, default=NoticeType.CIRCULAR
    )
    frequency = models.CharField(_("how often"), max_length=9, choices=Frequency)
    month = models.PositiveSmallIntegerField(
        _("month"), default=1, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    day = models.PositiveSmallIntegerField(
        _("day of the month"), default=10, validators=[MinValueValidator(1), MaxValueValidator(28)]
    )
    at = models.TimeField(_("time"))
    ordered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("on behalf of"),
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    active = models.BooleanField(_("active"), default=True)
    next_at = models.DateTimeField(_("next run"), editable=False)
    last_at = models.DateTimeField(_("last run"), null=True, blank=True, editable=False)
    last_job = models.ForeignKey(
        Job,
        verbose_name=_("last job"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    failures = models.PositiveSmallIntegerField(_("failures in a row"), default=0, editable=False)
    last_error = models.CharField(_("last error"), max_length=400, blank=True, editable=False)

    class Meta:
        verbose_name = _("report schedule")
        verbose_name_plural = _("report schedules")
        constraints = [
            models.CheckConstraint(
                condition=Q(edition=Edition.FINAL, frequency=Frequency.YEARLY)
                | Q(edition=Edition.PREVIEW, frequency=Frequency.QUARTERLY),
                name="trainees_reportschedule_edition_ck",
                violation_error_message=_(
                    "Yearly reports are made every year, interim reports every quarter."
                ),
            ),
            models.CheckConstraint(
                condition=Q(month__gte=1, month__lte=12, day__gte=1, day__lte=28),
                name="trainees_reportschedule_day_ck",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(active=True), name="trainees_schedule_due_ix")
        ]

    def __str__(self) -> str:
        return self.name
