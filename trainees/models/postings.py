from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from partyschool.accounts.models import Unit
from partyschool.common import clock
from partyschool.common.scoping import ScopedModel
from trainees.enums import CadreCategory, Rank
from trainees.querysets import CadreRecordQuerySet

from .cadres import Cadre
from .dated import Days as _Days


class Posting(ScopedModel):
    """Where a cadre served, from one day to another: unit, rank, post and category. The last one is the present posting.

    Written by a trigger on the cadre, never by hand: new facts with a later `posted_on` end the present posting the day before and
    begin the next; new facts on the same day correct the present one; leaving the register ends it. Only `reason` and `noted_by` are
    added by the service that made the change.
    """

    cadre = models.ForeignKey(
        Cadre, verbose_name=_("cadre"), on_delete=models.DO_NOTHING, related_name="postings"
    )
    unit = models.ForeignKey(Unit, verbose_name=_("unit"), on_delete=models.PROTECT, related_name="+")
    rank = models.CharField(_("rank"), max_length=20, choices=Rank)
    post = models.CharField(_("post"), max_length=60, blank=True)
    category = models.CharField(_("category"), max_length=20, choices=CadreCategory)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("noted by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    noted_at = models.DateTimeField(_("noted at"), default=clock.now)

    objects = CadreRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("posting")
        verbose_name_plural = _("postings")
        constraints = [
            models.UniqueConstraint(fields=["cadre", "starts_on"], name="trainees_posting_start_uq"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="trainees_posting_dates_ck",
            ),
            ExclusionConstraint(
                name="trainees_posting_overlap_ex",
                expressions=[
                    ("cadre", RangeOperators.EQUAL),
                    (
                        _Days("starts_on", "ends_on", RangeBoundary(inclusive_upper=True)),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.starts_on}"
