"""Who was refused a seat, and who was given one although a rule spoke against it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from courses.models import Offering
from partyschool.common import clock
from partyschool.common.scoping import ScopedModel
from trainees.enums import OverrideRule
from trainees.querysets import CadreRecordQuerySet, EnrolmentRecordQuerySet

from .cadres import Cadre
from .enrolments import Enrolment


class SeatRefusal(ScopedModel):
    """A cadre asked for a seat and was refused: which offering, by which rule, when. Append-only."""

    cadre = models.ForeignKey(Cadre, verbose_name=_("cadre"), on_delete=models.PROTECT, related_name="+")
    offering = models.ForeignKey(
        Offering, verbose_name=_("offering"), on_delete=models.PROTECT, related_name="refusals"
    )
    code = models.CharField(_("refused because"), max_length=20)
    at = models.DateTimeField(_("at"), default=clock.now)

    objects = CadreRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("refusal of a seat")
        verbose_name_plural = _("refusals of seats")
        indexes = [models.Index(fields=["offering", "-at", "-id"], name="trainees_seatrefusal_newest_ix")]

    def __str__(self) -> str:
        return f"{self.cadre} · {self.offering} · {self.code}"


class SeatOverride(ScopedModel):
    """One rule that staff set aside for one enrolment, and why. Append-only."""

    enrolment = models.ForeignKey(
        Enrolment, verbose_name=_("enrolment"), on_delete=models.PROTECT, related_name="overrides"
    )
    rule = models.CharField(_("rule set aside"), max_length=20, choices=OverrideRule)
    facts = models.CharField(_("what the rule said"), max_length=400)
    reason = models.CharField(_("reason"), max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(_("at"), default=clock.now)

    objects = EnrolmentRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule set aside")
        verbose_name_plural = _("rules set aside")
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "rule"], name="trainees_seatoverride_rule_uq"),
            models.CheckConstraint(
                condition=Q(rule__in=OverrideRule.values), name="trainees_seatoverride_rule_ck"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="trainees_seatoverride_reason_ck"),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} · {self.get_rule_display()}"
