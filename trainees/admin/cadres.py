from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from partyschool.common import clock
from partyschool.common.admin import PortalModelAdmin, YearFilter
from trainees.forms import CadreForm
from trainees.models import AssessmentExemption, Cadre

from .cadre_pages import CadrePages
from .filters import CadreJurisdictionFilter, OwnJurisdictionFilter

# What a posting says.
POSTED = ("unit", "rank", "category", "post", "posted_on")


class TermFilter(admin.SimpleListFilter):
    """By the end of the term of office."""

    title = gettext_lazy("term of office")
    parameter_name = "term"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("year", gettext_lazy("Ends within a year")),
            ("over", gettext_lazy("Has ended")),
            ("none", gettext_lazy("Without a term")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        today = clock.school_date()
        if self.value() == "year":
            return queryset.filter(term_until__range=(today, today + timedelta(days=365)))
        if self.value() == "over":
            return queryset.filter(term_until__lt=today)
        return queryset.filter(term_until=None) if self.value() == "none" else queryset


@admin.register(Cadre)
class CadreAdmin(CadrePages):
    """The register. Where somebody serves is entered once here and then changed by transfers, which keep the history.

    Citizen numbers are masked; a full one is shown for a reason, by POST, once, and the trail keeps who asked.
    """

    form = CadreForm
    list_display = (
        "name",
        "code",
        "unit",
        "rank",
        "category",
        "post",
        "term_until",
        "citizen_no_masked",
        "left_on",
    )
    list_filter = (
        OwnJurisdictionFilter,
        "rank",
        "category",
        TermFilter,
        ("left_on", admin.EmptyFieldListFilter),
    )
    list_select_related = ("unit",)
    search_fields = ("name", "=code")
    search_help_text = gettext_lazy("Name, or a cadre number written in full")
    autocomplete_fields = ("unit",)
    ordering = ("-pk",)
    sortable_by = ()
    unrecorded = ("citizen_no",)
    records_views = True
    only_in_forms = ("citizen_no", "login_name")
    fieldsets = (
        (None, {"fields": ("code", "name", "login_name")}),
        (
            gettext_lazy("Present posting"),
            {"fields": ("unit", "rank", "category", "post", "posted_on", "term_until")},
        ),
        (gettext_lazy("Citizen number"), {"fields": ("citizen_no_masked", "citizen_no")}),
        (gettext_lazy("Register"), {"fields": ("joined_on", "left_on")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Cadre | None = None) -> tuple[str, ...]:
        # The number is encrypted for its place, which the code names: a code never changes. Postings change by their own pages.
        return ("code", *POSTED, "citizen_no_masked") if obj else ("citizen_no_masked",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("unit")

    def choice_label(self, obj: Cadre) -> str:
        return _("%(name)s (%(code)s, %(unit)s)") % {
            "name": obj.name,
            "code": obj.code,
            "unit": obj.unit.name,
        }

    def save_model(self, request: HttpRequest, obj: Cadre, form: Any, change: bool) -> None:
        if number := form.cleaned_data.get("citizen_no"):
            obj.set_citizen_no(number)
        super().save_model(request, obj, form, change)


@admin.register(AssessmentExemption)
class AssessmentExemptionAdmin(PortalModelAdmin):
    """Why somebody is not assessed: leave and illness stand here."""

    records_views = True
    list_display = ("cadre", "unit_name", "year", "ground", "note")
    list_filter = (YearFilter, "ground", CadreJurisdictionFilter)
    list_select_related = ("cadre__unit",)
    search_fields = ("cadre__name", "=cadre__code")
    autocomplete_fields = ("cadre",)
    ordering = ("-year", "-pk")

    @display(description=gettext_lazy("unit"))
    def unit_name(self, exemption: AssessmentExemption) -> str:
        return exemption.cadre.unit.name
