from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from courses.enums import OfferingState
from courses.forms import LessonForm, LessonFormSet, RoomForm
from courses.models import Lesson, Room
from partyschool.common.admin import PortalModelAdmin, PortalTabularInline


@admin.register(Room)
class RoomAdmin(PortalModelAdmin):
    form = RoomForm
    list_display = ("name", "code", "places")
    search_fields = ("name", "code")
    ordering = ("code",)

    @display(description=_("places in the room"), ordering="seats")
    def places(self, room: Room) -> int:
        return room.seats


class LessonInline(PortalTabularInline):
    """The timetable of an offering, which stands still once the offering is closed."""

    model = Lesson
    form = LessonForm
    formset = LessonFormSet
    fields = ("title", "starts_at", "ends_at", "hours", "teacher", "room", "module", "method", "cancelled")
    readonly_fields = ("is_cancelled",)
    autocomplete_fields = ("room", "teacher")
    ordering = ("starts_at", "pk")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """To read, the switch is a word."""
        if self.has_change_permission(request, obj):
            return self.fields
        return tuple("is_cancelled" if name == "cancelled" else name for name in self.fields)

    @display(description=_("cancelled"))
    def is_cancelled(self, lesson: Lesson) -> Any:
        return _("cancelled") if lesson.cancelled_at else ""

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("room", "teacher")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._open(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._open(obj) and super().has_change_permission(request, obj)

    def _open(self, offering: Any) -> bool:
        return offering is None or offering.state in {OfferingState.PLANNED, OfferingState.PUBLISHED}
