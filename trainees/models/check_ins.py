from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from courses.models import Lesson
from partyschool.common import clock
from partyschool.common.scoping import ScopedModel
from trainees.enums import CheckInSource
from trainees.querysets import RosterRecordQuerySet

from .enrolments import Enrolment


class CheckIn(ScopedModel):
    """A trainee was seen at a lesson: by the code on the screen, or by a card reader. Append-only; attendance marks follow from it.

    `seen_at` is when it happened, `received_at` when the portal learnt of it (later for one that waited for the network); `key` is
    chosen by the sender, so that sending again does nothing. `device` is a hash that tells one browser from another: two people with
    one device at one lesson are shown to whoever keeps the roll. `latitude` and `longitude` only where the trainee let them be sent.
    """

    enrolment = models.ForeignKey(
        Enrolment, verbose_name=_("enrolment"), on_delete=models.PROTECT, related_name="check_ins"
    )
    lesson = models.ForeignKey(
        Lesson, verbose_name=_("lesson"), on_delete=models.PROTECT, related_name="check_ins"
    )
    source = models.CharField(_("source"), max_length=8, choices=CheckInSource)
    seen_at = models.DateTimeField(_("seen at"))
    received_at = models.DateTimeField(_("received at"), default=clock.now)
    key = models.UUIDField(_("key of the sender"), unique=True)
    device = models.CharField(_("device"), max_length=64, blank=True)
    latitude = models.DecimalField(_("latitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=9, decimal_places=6, null=True, blank=True)

    objects = RosterRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("check-in")
        verbose_name_plural = _("check-ins")
        constraints = [
            models.CheckConstraint(
                condition=Q(source__in=CheckInSource.values), name="trainees_checkin_source_ck"
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180),
                name="trainees_checkin_place_ck",
            ),
        ]
        indexes = [
            models.Index(fields=["lesson", "device"], name="trainees_checkin_device_ix"),
            models.Index(fields=["lesson", "-id"], name="trainees_checkin_lesson_ix"),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} {self.get_source_display()}"


class CodeTries(models.Model):
    """How often somebody has typed a check-in code since `since`: six digits can be guessed by who may try without end. One row a person."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    since = models.DateTimeField()
    number = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("typed check-in codes")
        verbose_name_plural = _("typed check-in codes")

    def __str__(self) -> str:
        return str(self.number)
