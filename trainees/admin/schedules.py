from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from partyschool.common.admin import PortalModelAdmin
from trainees.models import ReportSchedule
from trainees.services.schedules import save_schedule


@admin.register(ReportSchedule)
class ReportScheduleAdmin(PortalModelAdmin):
    """When reports are made by themselves. A paused schedule is resumed by making it active again."""

    list_display = ("name", "edition", "frequency", "state_label", "next_at", "last_at", "failures")
    list_filter = ("active", "frequency")
    search_fields = ("name",)
    ordering = ("name", "pk")
    sortable_by = ()
    fieldsets = (
        (
            None,
            {
                "fields": ("name", ("edition", "frequency"), "doc_type", ("month", "day"), "at", "active"),
                "description": gettext_lazy(
                    "Yearly reports are made of the year before, once it is sealed. Quarterly ones are made in January, April, July and October: "
                    "the month counts for yearly ones alone."
                ),
            },
        ),
        (
            gettext_lazy("Runs"),
            {"fields": ("next_at", "last_at", "failures", "last_error", "ordered_by")},
        ),
    )
    readonly_fields = ("next_at", "last_at", "failures", "last_error", "ordered_by")

    @display(description=gettext_lazy("state"), label={"on": "success", "off": "danger"})
    def state_label(self, schedule: ReportSchedule) -> tuple[str, str]:
        return ("on", gettext_lazy("active")) if schedule.active else ("off", gettext_lazy("paused"))

    def save_model(self, request: HttpRequest, obj: ReportSchedule, form: Any, change: bool) -> None:
        save_schedule(schedule=obj, by=request.user)
