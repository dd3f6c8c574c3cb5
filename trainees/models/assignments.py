from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from courses.models import Offering
from partyschool.accounts.models import Unit
from partyschool.common import clock
from partyschool.common.scoping import ScopedModel
from trainees.enums import (
    LIVE_NOMINATION_STATES,
    AssignmentState,
    CallMode,
    DeferralState,
    NominationState,
)
from trainees.querysets import CadreRecordQuerySet, NominationRecordQuerySet

from .cadres import Cadre
from .decided import Decided
from .enrolments import Enrolment


class Assignment(models.Model):
    """Organised assignment (组织调训) to one class: units nominate within quotas, the organisation department confirms.

    draft → issued → closed, or cancelled. Substitutes are taken until `substitutes_until`. `ranks` and `categories` say whom the class
    is meant for (empty: everyone); somebody else can be sent, with a warning.
    """

    offering = models.OneToOneField(
        Offering, verbose_name=_("class"), on_delete=models.PROTECT, related_name="assignment"
    )
    state = models.CharField(
        _("state"), max_length=9, choices=AssignmentState, default=AssignmentState.DRAFT, editable=False
    )
    nominate_by = models.DateTimeField(_("units nominate until"))
    confirm_by = models.DateTimeField(_("organisation departments confirm until"))
    substitutes_until = models.DateTimeField(_("substitutes until"))
    instructions = models.TextField(_("instructions to the units"), blank=True)
    ranks = ArrayField(
        models.CharField(max_length=20), verbose_name=_("meant for ranks"), default=list, blank=True
    )
    categories = ArrayField(
        models.CharField(max_length=20), verbose_name=_("meant for categories"), default=list, blank=True
    )
    created_at = models.DateTimeField(_("made at"), default=clock.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("made by"),
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
    )
    issued_at = models.DateTimeField(_("issued at"), null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("organised assignment")
        verbose_name_plural = _("organised assignments")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=AssignmentState.values), name="trainees_assignment_state_ck"
            ),
            models.CheckConstraint(
                condition=Q(confirm_by__gte=F("nominate_by"), substitutes_until__gte=F("nominate_by")),
                name="trainees_assignment_times_ck",
                violation_error_message=_(
                    "Confirmation and substitutes end after the nomination, not before."
                ),
            ),
            models.CheckConstraint(
                condition=Q(state=AssignmentState.DRAFT)
                | Q(issued_at__isnull=False)
                | Q(state=AssignmentState.CANCELLED),
                name="trainees_assignment_issued_ck",
            ),
        ]

    def __str__(self) -> str:
        return str(self.offering)


class AssignmentQuota(models.Model):
    """How many people one unit (with all units under it) sends to a class. `nominated` is kept by a trigger and never above `seats`."""

    assignment = models.ForeignKey(
        Assignment, verbose_name=_("assignment"), on_delete=models.PROTECT, related_name="quotas"
    )
    unit = models.ForeignKey(Unit, verbose_name=_("unit"), on_delete=models.PROTECT, related_name="+")
    seats = models.PositiveIntegerField(_("people"))
    nominated = models.PositiveIntegerField(_("nominated"), default=0, editable=False)
    reminded_at = models.DateTimeField(_("reminded at"), null=True, blank=True, editable=False)
    escalated_at = models.DateTimeField(_("reported at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("quota of a unit")
        verbose_name_plural = _("quotas of units")
        constraints = [
            models.UniqueConstraint(fields=["assignment", "unit"], name="trainees_assignmentquota_unit_uq"),
            models.CheckConstraint(
                condition=Q(nominated__lte=F("seats")), name="trainees_assignmentquota_nominated_ck"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.nominated}/{self.seats}"


class Nomination(ScopedModel, Decided):
    """One person called to a class: nominated by the unit within its quota, or called by name by the organisation department.

    nominated → confirmed (with the enrolment, in one step) | returned | withdrawn; confirmed → deferred | replaced | withdrawn.
    `warnings` are the codes of what spoke against it and was seen by whoever nominated. `replaces` is whoever this person stands in
    for: somebody returned, withdrawn, deferred or replaced. A place in a class that comes of assignment exists only with a confirmed
    nomination (trigger on enrolments); it is the other way round, too: when the place is withdrawn, on any path, so is the nomination.
    """

    assignment = models.ForeignKey(
        Assignment, verbose_name=_("assignment"), on_delete=models.PROTECT, related_name="nominations"
    )
    quota = models.ForeignKey(
        AssignmentQuota,
        verbose_name=_("quota"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="nominations",
    )
    cadre = models.ForeignKey(
        Cadre, verbose_name=_("cadre"), on_delete=models.PROTECT, related_name="nominations"
    )
    mode = models.CharField(_("called"), max_length=8, choices=CallMode, default=CallMode.QUOTA)
    state = models.CharField(
        _("state"), max_length=10, choices=NominationState, default=NominationState.NOMINATED
    )
    warnings = ArrayField(
        models.CharField(max_length=24), verbose_name=_("warnings"), default=list, blank=True
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    nominated_at = models.DateTimeField(_("nominated at"), default=clock.now)
    nominated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("nominated by"), on_delete=models.PROTECT, related_name="+"
    )
    decision = models.CharField(_("reason"), max_length=200, blank=True)
    enrolment = models.OneToOneField(
        Enrolment,
        verbose_name=_("place"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="nomination",
    )
    replaces = models.OneToOneField(
        "self",
        verbose_name=_("stands in for"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="substitute",
    )

    objects = CadreRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("nomination")
        verbose_name_plural = _("nominations")
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "cadre"],
                condition=Q(state__in=LIVE_NOMINATION_STATES),
                name="trainees_nomination_live_uq",
            ),
            models.CheckConstraint(
                condition=Q(state__in=NominationState.values), name="trainees_nomination_state_ck"
            ),
            models.CheckConstraint(
                condition=Q(mode=CallMode.QUOTA, quota__isnull=False)
                | Q(mode=CallMode.BY_NAME, quota__isnull=True),
                name="trainees_nomination_mode_ck",
            ),
            models.CheckConstraint(
                condition=~Q(state=NominationState.CONFIRMED)
                | Q(enrolment__isnull=False, decided_by__isnull=False, decided_at__isnull=False),
                name="trainees_nomination_confirmed_ck",
            ),
            models.CheckConstraint(
                condition=~Q(state=NominationState.RETURNED) | ~Q(decision=""),
                name="trainees_nomination_returned_ck",
            ),
            # Nobody confirms a nomination of the own hand; a call by name is the organisation department's own decision.
            models.CheckConstraint(
                condition=Q(mode=CallMode.BY_NAME)
                | ~Q(state__in=[NominationState.CONFIRMED, NominationState.RETURNED])
                | ~Q(decided_by=F("nominated_by")),
                name="trainees_nomination_two_people_ck",
            ),
        ]
        indexes = [models.Index(fields=["assignment", "state", "id"], name="trainees_nomination_list_ix")]

    def __str__(self) -> str:
        return f"{self.cadre} · {self.assignment}"


class Deferral(ScopedModel, Decided):
    """The wish to send a called person to a later class instead, decided by a second person."""

    nomination = models.ForeignKey(
        Nomination, verbose_name=_("nomination"), on_delete=models.PROTECT, related_name="deferrals"
    )
    reason = models.CharField(_("reason"), max_length=200)
    state = models.CharField(_("state"), max_length=9, choices=DeferralState, default=DeferralState.ASKED)
    asked_at = models.DateTimeField(_("asked at"), default=clock.now)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("asked by"), on_delete=models.PROTECT, related_name="+"
    )

    objects = NominationRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("deferral")
        verbose_name_plural = _("deferrals")
        constraints = [
            models.UniqueConstraint(
                fields=["nomination"],
                condition=Q(state=DeferralState.ASKED),
                name="trainees_deferral_open_uq",
            ),
            models.CheckConstraint(
                condition=Q(state__in=DeferralState.values), name="trainees_deferral_state_ck"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[DeferralState.AGREED, DeferralState.REFUSED])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="trainees_deferral_decided_ck",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[DeferralState.AGREED, DeferralState.REFUSED])
                | ~Q(decided_by=F("asked_by")),
                name="trainees_deferral_two_people_ck",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nomination} {self.get_state_display()}"
