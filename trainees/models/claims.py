from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from partyschool.common import clock
from partyschool.common.scoping import ScopedModel
from trainees.enums import ClaimState, RecognisedActivity
from trainees.querysets import CadreRecordQuerySet

from .cadres import Cadre
from .credits import CreditEntry
from .decided import Decided


class CreditClaim(ScopedModel, Decided):
    """A cadre's claim to credits for learning outside the school's offerings, or for a paper or report, with evidence.

    submitted → approved (with the credit entry, in one step) | returned (asks for more; → submitted again) | refused | withdrawn.
    `quantity` counts what the scheme's rule for the activity asks: class-hours, days or items.
    """

    cadre = models.ForeignKey(Cadre, verbose_name=_("cadre"), on_delete=models.PROTECT, related_name="claims")
    activity = models.CharField(_("activity"), max_length=20, choices=RecognisedActivity)
    title = models.CharField(_("title"), max_length=120)
    host = models.CharField(_("organiser or publisher"), max_length=120, blank=True)
    quantity = models.DecimalField(
        _("quantity"), max_digits=6, decimal_places=2, validators=[MinValueValidator(0.01)]
    )
    earned_on = models.DateField(_("finished on"))
    note = models.CharField(_("note"), max_length=400, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=ClaimState, default=ClaimState.SUBMITTED)
    submitted_at = models.DateTimeField(_("submitted at"), default=clock.now)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("submitted by"), on_delete=models.PROTECT, related_name="+"
    )
    entry = models.OneToOneField(
        CreditEntry,
        verbose_name=_("credit entry"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="claim",
    )

    objects = CadreRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit claim")
        verbose_name_plural = _("credit claims")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="trainees_creditclaim_quantity_ck"),
            models.CheckConstraint(
                condition=Q(activity__in=RecognisedActivity.values), name="trainees_creditclaim_activity_ck"
            ),
            models.CheckConstraint(
                condition=Q(state__in=ClaimState.values), name="trainees_creditclaim_state_ck"
            ),
            models.CheckConstraint(
                condition=Q(state=ClaimState.APPROVED, entry__isnull=False)
                | (~Q(state=ClaimState.APPROVED) & Q(entry__isnull=True)),
                name="trainees_creditclaim_entry_ck",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ClaimState.APPROVED, ClaimState.REFUSED, ClaimState.RETURNED])
                | (Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("submitted_by"))),
                name="trainees_creditclaim_two_people_ck",
            ),
        ]
        indexes = [models.Index(fields=["state", "submitted_at", "id"], name="trainees_claim_desk_ix")]

    def __str__(self) -> str:
        return self.title
