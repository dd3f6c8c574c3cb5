from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from partyschool.common import clock
from partyschool.common.admin import ReadOnlyAdmin
from partyschool.notices.enums import MailState
from partyschool.notices.models import OutgoingMail
from partyschool.notices.services.mails import resend_mail


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin):
    """The outbox: which mails wait, went out or failed, and why. What the notices say is not shown here."""

    list_display = (
        "recipient", "state_label", "attempts", "next_at", "sent_at", "error", "written_at",
    )  # fmt: skip
    list_display_links = ("recipient",)
    list_filter = ("state",)
    list_select_related = ("notice__recipient",)
    search_fields = ("notice__recipient__full_name", "=notice__recipient__username")
    search_help_text = gettext_lazy("Name of the recipient, or a log-in name written in full")
    ordering = ("-pk",)
    sortable_by = ()
    fields = ("recipient", "state", "attempts", "next_at", "sent_at", "error", "written_at")
    readonly_fields = ("recipient", "written_at")
    actions_detail = ("send_again",)

    @display(
        description=gettext_lazy("state"),
        label={
            MailState.WAITING: "info",
            MailState.SENDING: "info",
            MailState.SENT: "success",
            MailState.FAILED: "danger",
        },
    )
    def state_label(self, mail: OutgoingMail) -> tuple[str, str]:
        return mail.state, mail.get_state_display()

    @display(description=gettext_lazy("recipient"))
    def recipient(self, mail: OutgoingMail) -> str:
        return mail.notice.recipient.get_full_name()

    @display(description=gettext_lazy("written at"))
    def written_at(self, mail: OutgoingMail) -> str:
        return clock.in_words(mail.notice.created_at)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        found = self.get_object(request, str(object_id))
        return super().get_actions_detail(request, object_id) if found and _failed(found) else []

    @action(description=gettext_lazy("Send again"), icon="send", permissions=["act"])
    def send_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Put a mail that failed back into the outbox."""
        mail = self.row_to_change(request, object_id)
        if request.method == "POST":
            with self.attempt(request, reread=mail):
                resend_mail(mail_id=mail.pk, by=request.user)
                return self.done(
                    request,
                    _("The mail is in the outbox again and goes out within minutes."),
                    self.page_of(mail),
                )
        return self.page(
            request,
            "admin/notices/send_again.html",
            title=_("Send again"),
            obj=mail,
            back=self.page_of(mail),
            possible=_failed(mail),
            mails_off=not settings.MAIL_ON,
        )


def _failed(mail: OutgoingMail) -> bool:
    return mail.state == MailState.FAILED
