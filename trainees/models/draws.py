"""What a draw stands on and what came of it: rankings, the sealed draw, outcomes, and the published one."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from courses.enums import Mechanism
from courses.models import SelectionRound
from partyschool.common import clock
from partyschool.common.hashes import TextSha256
from partyschool.common.scoping import ScopedModel
from trainees.querysets import DrawRecordQuerySet

from .cadres import Cadre


def new_ticket() -> str:
    """A pseudonym of 12 hex digits: under it a cadre appears in the published files of a draw."""
    return get_random_string(12, "0123456789abcdef")


class SelectionDraw(SelectionRound):
    """A round whose seats are drawn, seen from the draw: sealing, comparison and publication are pages of this floor."""

    class Meta:
        proxy = True
        verbose_name = _("draw")
        verbose_name_plural = _("draws")


class Ranking(ScopedModel):
    """A cadre's topics of one round, best first. Rows change while the round is open; a trigger refuses every change afterwards.

    Who ranked nothing but is to be given what is left gets an empty row when the round is sealed; nobody ranked that one.
    """

    cadre = models.ForeignKey(
        Cadre, verbose_name=_("cadre"), on_delete=models.PROTECT, related_name="rankings"
    )
    selection_round = models.ForeignKey(
        SelectionRound, verbose_name=_("selection round"), on_delete=models.PROTECT, related_name="rankings"
    )
    offerings = ArrayField(models.BigIntegerField(), verbose_name=_("topics, best first"), default=list)
    ticket = models.CharField(_("ticket"), max_length=12, default=new_ticket, editable=False)
    ranked_at = models.DateTimeField(_("ranked at"), default=clock.now)
    ranked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("ranked by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects = DrawRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("ranking")
        verbose_name_plural = _("rankings")
        constraints = [
            models.UniqueConstraint(fields=["selection_round", "cadre"], name="trainees_ranking_cadre_uq"),
            models.UniqueConstraint(fields=["selection_round", "ticket"], name="trainees_ranking_ticket_uq"),
        ]

    def __str__(self) -> str:
        return self.ticket


class SealedDraw(models.Model):
    """The text on which a draw works (`trainees.rules.drawing.sealed`), written once when the preferences are sealed. Append-only.

    It names nobody: cadres appear under their tickets.
    """

    selection_round = models.OneToOneField(
        SelectionRound, primary_key=True, on_delete=models.PROTECT, related_name="sealed"
    )
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(default=clock.now)
    sealed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("sealed draw")
        verbose_name_plural = _("sealed draws")
        constraints = [
            models.CheckConstraint(
                condition=Q(sha256=TextSha256("text")), name="trainees_sealeddraw_sha256_ck"
            )
        ]

    def __str__(self) -> str:
        return self.sha256


class DrawOutcome(models.Model):
    """What one mechanism makes of a sealed draw: the outcome's text, its hash, and the measures staff compare. Append-only."""

    selection_round = models.ForeignKey(
        SelectionRound, on_delete=models.PROTECT, related_name="outcomes", verbose_name=_("selection round")
    )
    mechanism = models.CharField(_("mechanism"), max_length=14, choices=Mechanism)
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    measures = models.JSONField(_("measures"))
    drawn_at = models.DateTimeField(_("drawn at"), default=clock.now)

    class Meta:
        verbose_name = _("outcome of a draw")
        verbose_name_plural = _("outcomes of draws")
        constraints = [
            models.UniqueConstraint(
                fields=["selection_round", "mechanism"], name="trainees_drawoutcome_mechanism_uq"
            ),
            models.CheckConstraint(
                condition=Q(mechanism__in=Mechanism.values), name="trainees_drawoutcome_mechanism_ck"
            ),
            models.CheckConstraint(
                condition=Q(sha256=TextSha256("text")), name="trainees_drawoutcome_sha256_ck"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.selection_round} · {self.get_mechanism_display()}"


class DrawPublication(models.Model):
    """Which outcome holds. One per round; another mechanism than the announced one needs a reason that everybody reads. Append-only."""

    selection_round = models.OneToOneField(
        SelectionRound, primary_key=True, on_delete=models.PROTECT, related_name="publication"
    )
    outcome = models.OneToOneField(DrawOutcome, on_delete=models.PROTECT, related_name="publication")
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    published_at = models.DateTimeField(_("published at"), default=clock.now)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("published by")
    )

    class Meta:
        verbose_name = _("publication of a draw")
        verbose_name_plural = _("publications of draws")

    def __str__(self) -> str:
        return str(self.outcome)


class DrawPlace(ScopedModel):
    """What the published draw gave one cadre, and why: the page behind "why did I (not) get it?". Append-only.

    `position` is the place in the order (1 first, None for mechanisms without one); `reasons` is the list of one entry per ranked
    topic as the outcome tells it, plus those that were refused when the places were given (`trainees.services.publication`).
    """

    cadre = models.ForeignKey(
        Cadre, verbose_name=_("cadre"), on_delete=models.PROTECT, related_name="draw_places"
    )
    selection_round = models.ForeignKey(
        SelectionRound,
        verbose_name=_("selection round"),
        on_delete=models.PROTECT,
        related_name="draw_places",
    )
    position = models.PositiveIntegerField(_("place in the order"), null=True)
    got = ArrayField(models.BigIntegerField(), verbose_name=_("topics obtained"), default=list)
    reasons = models.JSONField(_("reasons"), default=list)

    objects = DrawRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("place in a draw")
        verbose_name_plural = _("places in draws")
        constraints = [
            models.UniqueConstraint(fields=["selection_round", "cadre"], name="trainees_drawplace_cadre_uq")
        ]

    def __str__(self) -> str:
        return f"{self.cadre} · {self.selection_round}"
