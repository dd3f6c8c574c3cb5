from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from courses.enums import OfferingState
from courses.forms import LessonForm, LessonFormSet
from courses.models import Lesson, Room
from partyschool.common.admin import PortalModelAdmin, PortalTabularInline


@admin.register(Room)
class RoomAdmin(PortalModelAdmin):
    list_display = ("name", "code", "seats")
    search_fields = ("name", "code")
    ordering = ("code",)


class LessonInline(PortalTabularInline):
    """The timetable of an offering, which stands still once the offering is closed."""

    model = Lesson
    form = LessonForm
    formset = LessonFormSet
    fields = ("title", "starts_at", "ends_at", "hours", "teacher", "room", "module", "method", "cancelled")
    autocomplete_fields = ("room", "teacher")
    ordering = ("starts_at", "pk")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("room", "teacher")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._open(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._open(obj) and super().has_change_permission(request, obj)

    def _open(self, offering: Any) -> bool:
        return offering is None or offering.state in {OfferingState.PLANNED, OfferingState.PUBLISHED}
