from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from partyschool.accounts.enums import UnitKind
from partyschool.accounts.forms import UnitForm
from partyschool.accounts.models import Unit
from partyschool.accounts.services.units import create_unit, set_unit_kind

from .unit_pages import UnitPages

KIND_COLOURS = dict.fromkeys(UnitKind, "default") | {
    UnitKind.CITY: "primary",
    UnitKind.ORG_DEPARTMENT: "warning",
}


class JurisdictionFilter(admin.SimpleListFilter):
    """By organisation department: its subtree. `path_lookup` leads from the row to the path of its unit."""

    title = _("organisation department")
    parameter_name = "jurisdiction"
    path_lookup = "path"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(unit.path, unit.name) for unit in Unit.objects.jurisdictions()]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet) -> models.QuerySet:
        return (
            queryset.filter(**{f"{self.path_lookup}__startswith": self.value()}) if self.value() else queryset
        )


class OpenFilter(admin.SimpleListFilter):
    title = _("existence")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("Existing")), ("0", _("Closed down"))]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet) -> models.QuerySet:
        return (
            queryset.filter(closed_on__isnull=self.value() == "1") if self.value() in {"0", "1"} else queryset
        )


@admin.register(Unit)
class UnitAdmin(UnitPages):
    """The tree as an indented list. Whoever may open this list works for the whole school, so it is the whole tree."""

    form = UnitForm
    records_edits = False
    list_display = ("indented_name", "code", "kind_label", "closed_on")
    list_display_links = ("indented_name",)
    list_filter = (JurisdictionFilter, "kind", OpenFilter)
    search_fields = ("name", "code")
    ordering = ("path",)
    sortable_by = ()

    def get_fields(self, request: HttpRequest, obj: Unit | None = None) -> tuple[str, ...]:
        return (
            ("placed_under", "code", "name", "kind", "closed_on")
            if obj
            else ("parent", "code", "name", "kind")
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Unit | None = None) -> tuple[str, ...]:
        fixed = ("placed_under", "code", "name", "closed_on")
        if obj is None:
            return ()
        return (*fixed, "kind") if obj.kind == UnitKind.ORG_DEPARTMENT or obj.closed_on else fixed

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet, search_term: str
    ) -> tuple[models.QuerySet, bool]:
        found, several = super().get_search_results(request, queryset, search_term)
        match = request.resolver_match
        if match is not None and match.url_name == "autocomplete":
            found = found.filter(closed_on__isnull=True)
        return found, several

    def choice_label(self, obj: Unit) -> str:
        return _("%(name)s (%(code)s)") % {"name": obj.name, "code": obj.code}

    def save_model(self, request: HttpRequest, obj: Unit, form: Any, change: bool) -> None:
        chosen = form.cleaned_data
        if change:
            if "kind" in chosen:
                set_unit_kind(unit_id=obj.pk, kind=chosen["kind"], by=request.user)
            return
        parent = chosen["parent"]
        made = create_unit(
            code=chosen["code"],
            name=chosen["name"],
            kind=chosen["kind"],
            parent_id=parent.pk if parent else None,
            by=request.user,
        )
        obj.pk = made.pk
        obj.refresh_from_db()

    @display(description=_("name"))
    def indented_name(self, unit: Unit) -> SafeString:
        return format_html('<span class="tree-name tree-depth-{}">{}</span>', min(unit.depth, 6), unit.name)

    @display(description=_("kind"), label=KIND_COLOURS)
    def kind_label(self, unit: Unit) -> tuple[str, str]:
        return unit.kind, unit.get_kind_display()

    @display(description=_("Unit above"))
    def placed_under(self, unit: Unit) -> str:
        return " / ".join(above.name for above in Unit.objects.get_ancestors(unit)) or _("(top of the tree)")
