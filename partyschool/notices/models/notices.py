from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from partyschool.common import clock
from partyschool.common.scoping import ScopedModel, ScopedQuerySet


class NoticeQuerySet(ScopedQuerySet):
    def scope_for(self, user: Any) -> models.Q:
        return models.Q(recipient=user)


class Notice(ScopedModel):
    """One message to one user, about one event: sending it twice keeps one (`event` is unique per recipient)."""

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("recipient"),
        on_delete=models.PROTECT,
        related_name="notices",
    )
    event = models.CharField(_("event"), max_length=120)
    title = models.CharField(_("title"), max_length=120)
    body = models.TextField(_("text"), blank=True)
    url = models.CharField(_("link"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("sent at"), default=clock.now)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [models.UniqueConstraint(fields=["recipient", "event"], name="notices_notice_once_uq")]
        indexes = [models.Index(fields=["recipient", "-created_at", "-id"], name="notices_notice_list_ix")]

    def __str__(self) -> str:
        return self.title
