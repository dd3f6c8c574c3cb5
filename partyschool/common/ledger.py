"""The common shape of the three ledgers (credits, teaching, money).

An entry has an amount, a source (what caused it), who posted it and when. It is never edited or deleted; it is taken back by
a reversal that names it. One source posts once. The rules are held by the database: unique indexes here, triggers from
`common.triggers` in each ledger's migration.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Self, TypeVar

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from . import clock
from .errors import WrongState
from .locking import violated_constraint


class AlreadyReversed(WrongState):
    """The entry was taken back before, or is itself a reversal."""

    code = "already_reversed"
    title = _("This entry has already been reversed")


class LedgerEntry(models.Model):
    """One posting. Concrete ledgers name their owner column in `OWNER` and extra measured columns in `MEASURES`."""

    OWNER: ClassVar[str]
    MEASURES: ClassVar[tuple[str, ...]] = ()

    year = models.PositiveSmallIntegerField(_("year"))
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    source_kind = models.CharField(_("source kind"), max_length=32)
    source_ref = models.CharField(_("source reference"), max_length=64)
    reverses = models.OneToOneField(
        "self",
        verbose_name=_("reverses"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="reversal",
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    posted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("posted by"), on_delete=models.PROTECT, related_name="+"
    )
    posted_at = models.DateTimeField(_("posted at"), default=clock.now)

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source_kind", "source_ref"],
                condition=Q(reverses__isnull=True),
                name="%(app_label)s_%(class)s_source_uq",
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="%(app_label)s_%(class)s_amount_ck"),
            models.CheckConstraint(condition=~Q(reverses=F("id")), name="%(app_label)s_%(class)s_self_ck"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} · {self.amount}"

    def opposite(self, *, by: Any, reason: str, now: datetime) -> Self:
        """The unsaved entry that takes this one back, in every measure."""
        kept = {
            field.attname: getattr(self, field.attname)
            for field in self._meta.concrete_fields
            if not field.primary_key
            and field.name not in {"reverses", "posted_by", "posted_at", "note", "amount", *self.MEASURES}
        }
        taken_back = {measure: -getattr(self, measure) for measure in ("amount", *self.MEASURES)}
        return type(self)(**kept, **taken_back, reverses=self, note=reason, posted_by=by, posted_at=now)


Entry = TypeVar("Entry", bound=LedgerEntry)


def reverse_entry(entry: Entry, *, by: Any, reason: str, now: datetime | None = None) -> Entry:
    """Take `entry` back by a new entry that names it; returns the reversal.

    Raises `AlreadyReversed` if it was taken back before (by anyone, at the same moment too) or is itself a reversal.
    Concurrency: no lock; the unique `reverses` column decides between rivals.
    """
    if entry.reverses is not None:
        raise AlreadyReversed
    reversal = entry.opposite(by=by, reason=reason, now=now or clock.now())
    try:
        with transaction.atomic():
            reversal.save(force_insert=True)
    except IntegrityError as error:
        if "reverses" in violated_constraint(error):
            raise AlreadyReversed from error
        raise
    return reversal


def total(entries: models.QuerySet) -> Decimal:
    """The sum of `entries`; reversals count with their sign, so this is the sum of the live ones."""
    return entries.aggregate(total=models.Sum("amount"))["total"] or Decimal(0)
