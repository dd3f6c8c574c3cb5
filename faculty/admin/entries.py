from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from faculty.models import TeachingEntry
from faculty.services.teaching import reverse_teaching
from partyschool.common.admin import YearFilter
from partyschool.common.admin_reversal import ReversibleEntries
from partyschool.common.templatetags.portal import plain_number


@admin.register(TeachingEntry)
class TeachingEntryAdmin(ReversibleEntries):
    """The teaching ledger: to read."""

    list_display = (
        "taught_on",
        "teacher",
        "subject",
        "hours",
        "year",
        "is_reversal",
        "posted_by",
        "posted_at",
    )
    fields = (
        "teacher",
        "subject",
        "hours",
        "taught_on",
        "year",
        "origin",
        "note",
        "reverses",
        "posted_by",
        "posted_at",
    )
    readonly_fields = ("hours", "origin")
    reversal_fields = ("teacher", "subject", "hours", "taught_on")
    list_display_links = ("taught_on",)
    list_filter = (YearFilter,)
    list_select_related = ("teacher", "posted_by", "reverses")
    search_fields = ("teacher__name", "=teacher__code", "subject")
    ordering = ("-taught_on", "-pk")
    sortable_by = ()

    def take_back(self, entry: TeachingEntry, reason: str, request: HttpRequest) -> None:
        reverse_teaching(entry_id=entry.pk, reason=reason, by=request.user)

    @display(description=_("class-hours"))
    def hours(self, entry: TeachingEntry) -> str:
        return plain_number(entry.amount)

    @display(description=_("reversal"), label="warning")
    def is_reversal(self, entry: TeachingEntry) -> Any:
        return _("reversal") if entry.reverses_id else None

    @display(description=_("origin of the entry"))
    def origin(self, entry: TeachingEntry) -> Any:
        kind = _("Lesson held") if entry.source_kind == "lesson" else entry.source_kind
        return gettext("%(kind)s (%(reference)s)") % {"kind": kind, "reference": entry.source_ref}
