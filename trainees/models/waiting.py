from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from courses.models import Offering
from partyschool.common import clock
from partyschool.common.scoping import ScopedModel
from trainees.enums import LIVE_WAITING_STATES, WaitingState
from trainees.querysets import CadreRecordQuerySet

from .cadres import Cadre
from .enrolments import Enrolment


class WaitingEntry(ScopedModel):
    """A cadre in line for a seat of an offering that was full.

    waiting ⇄ skipped → accepted (automatic), or → offered → accepted | declined | expired; → withdrawn at any time before. The line is
    ordered by `-priority, queued_at, pk`; being skipped keeps the place. `gives_up` makes the entry a wish to swap: the seat is
    taken only together with giving that place up. `enrolment` is the place offered or obtained.
    """

    cadre = models.ForeignKey(
        Cadre, verbose_name=_("cadre"), on_delete=models.PROTECT, related_name="waiting_entries"
    )
    offering = models.ForeignKey(
        Offering, verbose_name=_("offering"), on_delete=models.PROTECT, related_name="waiting_entries"
    )
    state = models.CharField(_("state"), max_length=10, choices=WaitingState, default=WaitingState.WAITING)
    queued_at = models.DateTimeField(_("in line since"), default=clock.now)
    priority = models.SmallIntegerField(_("priority"), default=0)
    priority_reason = models.CharField(_("reason of the priority"), max_length=200, blank=True)
    gives_up = models.ForeignKey(
        Enrolment,
        verbose_name=_("would give up"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    skipped_code = models.CharField(_("skipped because"), max_length=20, blank=True)
    skipped_facts = models.CharField(_("skipped because, in words"), max_length=400, blank=True)
    enrolment = models.OneToOneField(
        Enrolment,
        verbose_name=_("place"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="waiting_entry",
    )
    offered_until = models.DateTimeField(_("offered until"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("reminded at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("ended by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects = CadreRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("waiting list entry")
        verbose_name_plural = _("waiting list")
        constraints = [
            models.UniqueConstraint(
                fields=["cadre", "offering"],
                condition=Q(state__in=LIVE_WAITING_STATES),
                name="trainees_waitingentry_live_uq",
            ),
            models.CheckConstraint(
                condition=Q(state__in=WaitingState.values), name="trainees_waitingentry_state_ck"
            ),
            models.CheckConstraint(
                condition=(
                    Q(state=WaitingState.OFFERED) & Q(offered_until__isnull=False, enrolment__isnull=False)
                )
                | ~Q(state=WaitingState.OFFERED),
                name="trainees_waitingentry_offered_ck",
            ),
            models.CheckConstraint(
                condition=(Q(state=WaitingState.SKIPPED) & ~Q(skipped_code=""))
                | (~Q(state=WaitingState.SKIPPED) & Q(skipped_code="")),
                name="trainees_waitingentry_skipped_ck",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=LIVE_WAITING_STATES) & Q(ended_at__isnull=True))
                | (~Q(state__in=LIVE_WAITING_STATES) & Q(ended_at__isnull=False)),
                name="trainees_waitingentry_ended_ck",
            ),
            models.CheckConstraint(
                condition=~Q(state=WaitingState.ACCEPTED) | Q(enrolment__isnull=False),
                name="trainees_waitingentry_place_ck",
            ),
            models.CheckConstraint(
                condition=Q(priority=0) | ~Q(priority_reason=""), name="trainees_waitingentry_priority_ck"
            ),
        ]
        indexes = [
            models.Index(
                F("offering"),
                F("priority").desc(),
                F("queued_at"),
                F("id"),
                condition=Q(state__in=LIVE_WAITING_STATES),
                name="trainees_waitingentry_line_ix",
            ),
            models.Index(
                fields=["offered_until"],
                condition=Q(state=WaitingState.OFFERED),
                name="trainees_waitingentry_due_ix",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cadre} · {self.offering}"
