from django.contrib import admin
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from partyschool.common.admin import ReadOnlyAdmin
from trainees.enums import AttendanceStatus, EnrolmentState
from trainees.models import AttendanceMark, Enrolment

from .filters import CadreJurisdictionFilter

STATE_COLOURS = {
    EnrolmentState.ENROLLED: "info",
    EnrolmentState.COMPLETED: "success",
    EnrolmentState.NOT_COMPLETED: "danger",
    EnrolmentState.WITHDRAWN: "warning",
}
STATUS_COLOURS = {
    AttendanceStatus.PRESENT: "success",
    AttendanceStatus.LATE: "warning",
    AttendanceStatus.LEFT_EARLY: "warning",
    AttendanceStatus.ON_LEAVE: "info",
    AttendanceStatus.ABSENT: "danger",
}


@admin.register(Enrolment)
class EnrolmentAdmin(ReadOnlyAdmin):
    """All enrolments, to find one: they are made by selection or on the roster page, and end by rules."""

    list_display = ("cadre", "unit_name", "offering", "state_label", "origin", "created_at", "ended_at")
    list_display_links = ("cadre",)
    list_filter = ("state", "origin", CadreJurisdictionFilter)
    list_select_related = ("cadre__unit", "offering")
    search_fields = ("cadre__name", "=cadre__code", "offering__title", "=offering__code")
    search_help_text = gettext_lazy("Name, title, or a number written in full")
    ordering = ("-pk",)
    sortable_by = ()

    @display(description=gettext_lazy("unit"))
    def unit_name(self, enrolment: Enrolment) -> str:
        return enrolment.cadre.unit.name

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_label(self, enrolment: Enrolment) -> tuple[str, str]:
        return enrolment.state, enrolment.get_state_display()


@admin.register(AttendanceMark)
class AttendanceMarkAdmin(ReadOnlyAdmin):
    """Every mark ever made, corrections included; rolls are called on the roster page."""

    list_display = ("cadre_name", "lesson", "offering_title", "status_label", "marked_at", "marked_by")
    list_display_links = ("cadre_name",)
    list_filter = ("status",)
    list_select_related = ("enrolment__cadre", "lesson__offering", "marked_by")
    search_fields = ("enrolment__cadre__name", "=enrolment__cadre__code", "lesson__offering__title")
    ordering = ("-pk",)
    sortable_by = ()
    fields = ("cadre_name", "offering_title", "lesson", "status", "marked_at", "marked_by")
    readonly_fields = ("cadre_name", "offering_title")

    @display(description=gettext_lazy("cadre"))
    def cadre_name(self, mark: AttendanceMark) -> str:
        return mark.enrolment.cadre.name

    @display(description=gettext_lazy("offering"))
    def offering_title(self, mark: AttendanceMark) -> str:
        return mark.lesson.offering.title

    @display(description=gettext_lazy("attendance"), label=STATUS_COLOURS)
    def status_label(self, mark: AttendanceMark) -> tuple[str, str]:
        return mark.status, mark.get_status_display()
