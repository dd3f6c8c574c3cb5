from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from faculty.forms import TeacherForm
from faculty.models import Teacher
from partyschool.common.admin import PortalModelAdmin


@admin.register(Teacher)
class TeacherAdmin(PortalModelAdmin):
    """The pool of teachers, full-time and part-time."""

    form = TeacherForm
    list_display = (
        "name",
        "code",
        "employment",
        "title",
        "title_level",
        "field",
        "honour",
        "background",
        "left_on",
    )
    list_filter = (
        "employment",
        "title_level",
        "background",
        "honour",
        ("left_on", admin.EmptyFieldListFilter),
    )
    search_fields = ("name", "code", "field")
    ordering = ("name", "pk")
    only_in_forms = ("login_name",)
    fieldsets = (
        (None, {"fields": ("code", "name", "login_name", "employment", "background")}),
        (_("Qualification"), {"fields": ("title", "title_level", "field", "honour")}),
        (_("Time at the school"), {"fields": ("joined_on", "left_on")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Teacher | None = None) -> tuple[str, ...]:
        return ("code",) if obj else ()
