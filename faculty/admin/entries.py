from django.contrib import admin

from faculty.models import TeachingEntry
from partyschool.common.admin import ReadOnlyAdmin, YearFilter


@admin.register(TeachingEntry)
class TeachingEntryAdmin(ReadOnlyAdmin):
    """The teaching ledger: to read."""

    list_display = ("taught_on", "teacher", "subject", "amount", "year", "reverses", "posted_by", "posted_at")
    list_display_links = ("taught_on",)
    list_filter = (YearFilter,)
    list_select_related = ("teacher", "posted_by", "reverses")
    search_fields = ("teacher__name", "=teacher__code", "subject")
    ordering = ("-taught_on", "-pk")
    sortable_by = ()
