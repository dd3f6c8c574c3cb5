from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from partyschool.common.admin import PortalModelAdmin, YearFilter
from partyschool.common.errors import DomainError
from trainees.forms import CadreForm, RevealForm
from trainees.models import AssessmentExemption, Cadre
from trainees.services.citizen_numbers import reveal_citizen_no

from .filters import CadreJurisdictionFilter, OwnJurisdictionFilter


@admin.register(Cadre)
class CadreAdmin(PortalModelAdmin):
    """The register. Citizen numbers are masked; a full one is shown for a reason, by POST, once, and the trail keeps who asked."""

    form = CadreForm
    list_display = ("name", "code", "unit", "rank", "category", "post", "citizen_no_masked", "left_on")
    list_filter = (OwnJurisdictionFilter, "rank", "category", ("left_on", admin.EmptyFieldListFilter))
    list_select_related = ("unit",)
    search_fields = ("name", "=code")
    search_help_text = gettext_lazy("Name, or a cadre number written in full")
    autocomplete_fields = ("unit",)
    ordering = ("-pk",)
    sortable_by = ()
    unrecorded = ("citizen_no",)
    records_views = True
    actions_detail = ("show_citizen_no",)
    fieldsets = (
        (None, {"fields": ("code", "name", "unit", "rank", "category", "post", "login_name")}),
        (gettext_lazy("Citizen number"), {"fields": ("citizen_no_masked", "citizen_no")}),
        (gettext_lazy("Register"), {"fields": ("joined_on", "left_on")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Cadre | None = None) -> tuple[str, ...]:
        # The number is encrypted for its place, which the code names: a code never changes.
        return ("code", "citizen_no_masked") if obj else ("citizen_no_masked",)

    def get_fieldsets(self, request: HttpRequest, obj: Cadre | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None and not self.has_change_permission(request, obj):
            shown = {"citizen_no", "login_name"}
            return [
                (name, {"fields": [field for field in options["fields"] if field not in shown]})
                for name, options in fieldsets
            ]
        return fieldsets

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

    def has_reveal_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("trainees.change_cadre")

    @action(
        description=gettext_lazy("Show the full citizen number"),
        icon="visibility",
        url_path="citizen-number",
        permissions=["reveal"],
    )
    def show_citizen_no(self, request: HttpRequest, object_id: str) -> HttpResponse:
        cadre = self.get_or_404(request, object_id)
        form = RevealForm(request.POST or None)
        number, status = None, 200
        if request.method == "POST" and form.is_valid():
            try:
                number = reveal_citizen_no(
                    cadre_id=cadre.pk, reason=form.cleaned_data["reason"], by=request.user
                )
            except DomainError as error:
                self.refuse(request, error)
                status = 409
        return self.page(
            request,
            "admin/trainees/citizen_number.html",
            title=_("Full citizen number"),
            obj=cadre,
            status=status,
            cadre=cadre,
            form=form,
            shown=number is not None,
            number=number,
        )


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
