import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from partyschool.audit.models import AuditEvent, AuditSeal
from partyschool.audit.selectors.wording import deed_text, subject_text
from partyschool.common.admin import ReadOnlyAdmin


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """Who did what to what, newest first. Searched by the start of action and subject, or a login name."""

    list_display = ("at", "who", "deed", "thing")
    list_select_related = ("actor",)
    search_fields = ("=subject", "=action", "=actor__username")
    search_help_text = _("Action, subject (such as trainees.cadre:12) or login name, written in full")
    ordering = ("-pk",)
    sortable_by = ()
    fields = ("at", "who", "deed", "action", "thing", "subject", "facts")
    readonly_fields = fields

    def has_view_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return request.user.has_perm("audit.view_auditevent")

    @display(description=_("actor"))
    def who(self, event: AuditEvent) -> Any:
        return event.actor or _("the portal")

    @display(description=_("What was done"))
    def deed(self, event: AuditEvent) -> str:
        return deed_text(event.action)

    @display(description=_("To what"))
    def thing(self, event: AuditEvent) -> str:
        return subject_text(event.subject)

    @display(description=_("data"))
    def facts(self, event: AuditEvent) -> SafeString:
        return format_html(
            '<pre class="facts">{}</pre>', json.dumps(event.data, ensure_ascii=False, indent=2)
        )


@admin.register(AuditSeal)
class AuditSealAdmin(ReadOnlyAdmin):
    list_display = ("sealed_at", "first_event", "last_event", "event_count", "digest")
    ordering = ("-pk",)
    sortable_by = ()
