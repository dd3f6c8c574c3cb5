from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from partyschool.common import clock
from partyschool.common.scoping import ScopedModel
from trainees.enums import LIVE_LEAVE_STATES, LeaveApprover, LeaveKind, LeaveState
from trainees.querysets import RosterRecordQuerySet

from .dated import Dated, days_of_row, in_order
from .decided import Decided
from .enrolments import Enrolment


class _Span(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class LeaveTier(Dated):
    """Who decides on leaves of up to so many half-days in a row; the tier without a limit takes what is longer."""

    most_half_days = models.PositiveSmallIntegerField(_("half-days, at most"), null=True, blank=True)
    approver = models.CharField(_("decided by"), max_length=14, choices=LeaveApprover)

    class Meta:
        verbose_name = _("leave tier")
        verbose_name_plural = _("leave tiers")
        constraints = [
            models.CheckConstraint(
                condition=Q(approver__in=LeaveApprover.values), name="trainees_leavetier_approver_ck"
            ),
            models.CheckConstraint(condition=in_order(), name="trainees_leavetier_dates_ck"),
            ExclusionConstraint(
                name="trainees_leavetier_one_ex",
                expressions=[
                    # No length is below nothing, so that this stands for the tier without a limit.
                    (Coalesce(F("most_half_days"), Value(-1)), RangeOperators.EQUAL),
                    (days_of_row(), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("Another tier of this length holds on some of these days."),
            ),
        ]

    def __str__(self) -> str:
        return self.get_approver_display()


class LeaveRequest(ScopedModel, Decided):
    """Leave of one trainee from a class: asked → approved → returned (the trainee reported back), or refused, or cancelled.

    `half_days` counts the half-days of the class that it touches and `hours` the class-hours of the lessons it covers, both when it
    was asked for; `approver` is the tier that decides.
    """

    enrolment = models.ForeignKey(
        Enrolment, verbose_name=_("enrolment"), on_delete=models.PROTECT, related_name="leaves"
    )
    kind = models.CharField(_("kind"), max_length=8, choices=LeaveKind)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason"), max_length=200)
    half_days = models.PositiveSmallIntegerField(_("half-days"))
    hours = models.DecimalField(_("class-hours"), max_digits=6, decimal_places=2)
    approver = models.CharField(_("decided by"), max_length=14, choices=LeaveApprover)
    state = models.CharField(_("state"), max_length=9, choices=LeaveState, default=LeaveState.ASKED)
    asked_at = models.DateTimeField(_("asked at"), default=clock.now)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("asked by"), on_delete=models.PROTECT, related_name="+"
    )
    returned_at = models.DateTimeField(_("reported back at"), null=True, blank=True)
    returned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("return noted by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects = RosterRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("leave request")
        verbose_name_plural = _("leave requests")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="trainees_leaverequest_times_ck"
            ),
            models.CheckConstraint(
                condition=Q(state__in=LeaveState.values), name="trainees_leaverequest_state_ck"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[LeaveState.APPROVED, LeaveState.REFUSED, LeaveState.RETURNED])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="trainees_leaverequest_decided_ck",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[LeaveState.APPROVED, LeaveState.REFUSED, LeaveState.RETURNED])
                | ~Q(decided_by=F("asked_by")),
                name="trainees_leaverequest_two_people_ck",
            ),
            models.CheckConstraint(
                condition=Q(state=LeaveState.RETURNED, returned_at__isnull=False)
                | (~Q(state=LeaveState.RETURNED) & Q(returned_at__isnull=True)),
                name="trainees_leaverequest_returned_ck",
            ),
            ExclusionConstraint(
                name="trainees_leaverequest_overlap_ex",
                expressions=[
                    ("enrolment", RangeOperators.EQUAL),
                    (_Span("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(state__in=LIVE_LEAVE_STATES),
                violation_error_message=_("There is a leave for some of this time already."),
            ),
        ]
        indexes = [models.Index(fields=["state", "approver", "id"], name="trainees_leave_desk_ix")]

    def __str__(self) -> str:
        return f"{self.enrolment} {self.get_state_display()}"
