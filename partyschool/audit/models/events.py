from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.common.scoping import EVERYTHING, NOBODY, ScopedModel, ScopedQuerySet


class AuditEventQuerySet(ScopedQuerySet):
    def scope_for(self, user: Any) -> models.Q:
        return EVERYTHING if user.scope.has(Role.AUDITOR) else NOBODY


class AuditEvent(ScopedModel):
    """Who did what to what, when. Append-only (database triggers); sealed in batches by `AuditSeal`.

    `action` is a dotted verb such as `enrolment.select`; `subject` names the object as `app.model:pk`; `data` holds the facts
    (before/after where it matters), never a citizen number.
    """

    at = models.DateTimeField(_("time"), default=clock.now)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("actor"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    action = models.CharField(_("action"), max_length=60)
    subject = models.CharField(_("subject"), max_length=80)
    data = models.JSONField(_("data"), default=dict)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        indexes = [
            models.Index(fields=["subject", "-id"], name="audit_event_subject_ix"),
            models.Index(fields=["actor", "-id"], name="audit_event_actor_ix"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
