from django.db import models
from django.utils.translation import gettext_lazy as _

from partyschool.common import clock


class AuditSeal(models.Model):
    """A keyed hash over a run of audit events and the seal before it: a changed, missing or added event breaks the chain."""

    first_event = models.BigIntegerField(_("first event"), unique=True)
    last_event = models.BigIntegerField(_("last event"), unique=True)
    event_count = models.PositiveIntegerField(_("events"))
    digest = models.CharField(_("digest"), max_length=64)
    sealed_at = models.DateTimeField(_("sealed at"), default=clock.now)

    class Meta:
        verbose_name = _("audit seal")
        verbose_name_plural = _("audit seals")

    def __str__(self) -> str:
        return f"{self.first_event}–{self.last_event}"
