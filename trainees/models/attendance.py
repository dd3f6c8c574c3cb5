from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from courses.models import Lesson
from partyschool.common import clock
from partyschool.common.scoping import ScopedModel, ScopedQuerySet
from trainees.enums import AttendanceStatus, MarkSource
from trainees.querysets import cadre_condition

from .check_ins import CheckIn
from .enrolments import Enrolment
from .leaves import LeaveRequest


class AttendanceMarkQuerySet(ScopedQuerySet):
    def scope_for(self, user: Any) -> Q:
        return cadre_condition(user, "enrolment__cadre__")

    def in_force(self) -> "AttendanceMarkQuerySet":
        """The mark in force of each enrolment and lesson: the newest one."""
        return self.order_by("enrolment", "lesson", "-id").distinct("enrolment", "lesson")


class AttendanceMark(ScopedModel):
    """What was seen at a lesson. Append-only: a correction is a newer mark for the same enrolment and lesson."""

    enrolment = models.ForeignKey(
        Enrolment, verbose_name=_("enrolment"), on_delete=models.PROTECT, related_name="marks"
    )
    lesson = models.ForeignKey(
        Lesson, verbose_name=_("lesson"), on_delete=models.PROTECT, related_name="marks"
    )
    status = models.CharField(_("attendance"), max_length=10, choices=AttendanceStatus)
    marked_at = models.DateTimeField(_("marked at"), default=clock.now)
    marked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("marked by"), on_delete=models.PROTECT, related_name="+"
    )

    source = models.CharField(_("source"), max_length=8, choices=MarkSource, default=MarkSource.ROLL)
    check_in = models.ForeignKey(
        CheckIn,
        verbose_name=_("check-in"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="marks",
        db_index=False,
    )
    leave = models.ForeignKey(
        LeaveRequest,
        verbose_name=_("leave"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="marks",
        db_index=False,
    )
    reason = models.CharField(_("reason of the correction"), max_length=200, blank=True)

    objects = AttendanceMarkQuerySet.as_manager()

    class Meta:
        verbose_name = _("attendance mark")
        verbose_name_plural = _("attendance marks")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=AttendanceStatus.values), name="trainees_attendancemark_status_ck"
            ),
            models.CheckConstraint(
                condition=Q(source__in=MarkSource.values), name="trainees_attendancemark_source_ck"
            ),
        ]
        indexes = [
            models.Index(fields=["lesson", "enrolment", "-id"], name="trainees_mark_latest_ix"),
            models.Index(
                fields=["check_in"], condition=Q(check_in__isnull=False), name="trainees_mark_check_in_ix"
            ),
            models.Index(fields=["leave"], condition=Q(leave__isnull=False), name="trainees_mark_leave_ix"),
        ]

    def __str__(self) -> str:
        return self.get_status_display()
