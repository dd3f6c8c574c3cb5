from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.common.scoping import ScopedModel, ScopedQuerySet
from partyschool.notices.enums import MailState

from .notices import Notice


class MailQuerySet(ScopedQuerySet):
    """One's own; the whole outbox for those who look after it, who read no notices there."""

    def scope_for(self, user: Any) -> models.Q:
        return Q() if user.scope.has(Role.STAFF, Role.AUDITOR, Role.ADMIN) else Q(notice__recipient=user)


class OutgoingMail(ScopedModel):
    """The outbox: that a notice is told by mail too, at most once. It holds neither address nor text: the mail is a link to the notice.

    `next_at` is when it may be tried; while it is being sent, when whoever sends it counts as dead.
    """

    notice = models.OneToOneField(
        Notice, verbose_name=_("notice"), on_delete=models.PROTECT, related_name="mail"
    )
    state = models.CharField(_("state"), max_length=7, choices=MailState, default=MailState.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"), default=clock.now)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=200, blank=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=MailState.values), name="notices_outgoingmail_state_ck"
            ),
            models.CheckConstraint(
                condition=Q(state=MailState.SENT, sent_at__isnull=False)
                | (~Q(state=MailState.SENT) & Q(sent_at__isnull=True)),
                name="notices_outgoingmail_sent_ck",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at"],
                condition=Q(state__in=[MailState.WAITING, MailState.SENDING]),
                name="notices_outgoingmail_due_ix",
            )
        ]

    def __str__(self) -> str:
        return f"{self.notice_id}: {self.get_state_display()}"
