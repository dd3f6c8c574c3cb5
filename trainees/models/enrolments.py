from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from courses.models import Offering, SeatReservation, UnitQuota
from partyschool.common import clock
from partyschool.common.scoping import ScopedModel
from trainees.enums import OPEN_STATES, SEATED_STATES, EnrolmentOrigin, EnrolmentState
from trainees.querysets import EnrolmentQuerySet

from .cadres import Cadre


class Enrolment(ScopedModel):
    """A cadre's place in an offering.

    enrolled → completed | not_completed (when the offering closes) or → withdrawn; held → enrolled | withdrawn for a seat that is
    offered to somebody waiting. Rows never die and never change cadre or offering; coming back after a withdrawal is a new row.
    Triggers choose the seat (a reserved one where the cadre belongs to the group, and the unit's quota) and keep
    `courses.SeatCount`, `SeatReservation` and `UnitQuota` in step with every change of state, whoever makes it.
    """

    cadre = models.ForeignKey(
        Cadre, verbose_name=_("cadre"), on_delete=models.PROTECT, related_name="enrolments"
    )
    offering = models.ForeignKey(
        Offering, verbose_name=_("offering"), on_delete=models.PROTECT, related_name="enrolments"
    )
    state = models.CharField(
        _("state"), max_length=14, choices=EnrolmentState, default=EnrolmentState.ENROLLED
    )
    origin = models.CharField(
        _("origin"), max_length=10, choices=EnrolmentOrigin, default=EnrolmentOrigin.SELECTION
    )
    created_at = models.DateTimeField(_("enrolled at"), default=clock.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("enrolled by"), on_delete=models.PROTECT, related_name="+"
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
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    reservation = models.ForeignKey(
        SeatReservation,
        verbose_name=_("reserved seats"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    quota = models.ForeignKey(
        UnitQuota,
        verbose_name=_("unit quota"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        constraints = [
            models.UniqueConstraint(
                fields=["cadre", "offering"],
                condition=Q(state__in=SEATED_STATES),
                name="trainees_enrolment_live_uq",
            ),
            models.CheckConstraint(
                condition=Q(state__in=EnrolmentState.values), name="trainees_enrolment_state_ck"
            ),
            models.CheckConstraint(
                condition=(Q(state__in=OPEN_STATES) & Q(ended_at__isnull=True))
                | (~Q(state__in=OPEN_STATES) & Q(ended_at__isnull=False, ended_by__isnull=False)),
                name="trainees_enrolment_ended_ck",
            ),
        ]
        indexes = [models.Index(fields=["offering", "state", "id"], name="trainees_enrolment_roster_ix")]

    def __str__(self) -> str:
        return f"{self.cadre} · {self.offering}"
