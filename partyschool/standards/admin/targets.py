from django.contrib import admin

from partyschool.common.admin import PortalModelAdmin, YearFilter
from partyschool.standards.models import StandardTarget


@admin.register(StandardTarget)
class StandardTargetAdmin(PortalModelAdmin):
    list_display = ("indicator", "year", "target", "source")
    list_filter = (YearFilter,)
    search_fields = ("indicator", "source")
    ordering = ("-year", "indicator")
