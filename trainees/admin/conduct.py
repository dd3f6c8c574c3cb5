"""Conduct in the administration: the weights of the years; opening, moderating, returning and releasing what class teachers scored."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from partyschool.common import clock
from partyschool.common.admin import PortalModelAdmin, ReadOnlyAdmin, YearFilter
from partyschool.common.admin_pages import OwnPageMixin, View
from partyschool.common.errors import Stale
from trainees.enums import ConductState
from trainees.forms import ModerateForm, OpenSheetForm, ReturnForm
from trainees.models import ConductSheet, ConductWeights
from trainees.selectors.conduct import classes_to_open, proposed_weights, sheet_list, sheet_of
from trainees.services.conduct import open_sheet
from trainees.services.conduct_moderation import moderate_score, release_sheet, return_sheet

FIGURES = (
    "attitude",
    "theory",
    "party_spirit",
    "discipline",
    "excellent_from",
    "good_from",
    "pass_from",
)
STATE_COLOURS = {
    ConductState.OPEN: "info",
    ConductState.SUBMITTED: "warning",
    ConductState.RELEASED: "success",
}


@admin.register(ConductWeights)
class ConductWeightsAdmin(PortalModelAdmin):
    """What each dimension weighs in a year. A new year begins with the figures of the year before; released ones stand still."""

    list_display = ("year", *FIGURES, "source")
    search_fields = ("=year", "source")
    ordering = ("-year",)
    fieldsets = (
        (None, {"fields": ("year", "source")}),
        (
            gettext_lazy("Weights in per cent"),
            {
                "fields": ("attitude", "theory", "party_spirit", "discipline"),
                "description": gettext_lazy("Together 100. A dimension of weight 0 is not scored."),
            },
        ),
        (
            gettext_lazy("Grades by total"),
            {"fields": ("excellent_from", "good_from", "pass_from")},
        ),
    )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The figures of the year before, to be changed where the new year differs."""
        newest = ConductWeights.objects.order_by("-year").first()
        year = newest.year + 1 if newest else clock.school_year()
        before = proposed_weights(year)
        figures = {name: getattr(before, name) for name in FIGURES} if before else {}
        return {"year": year, **figures, **super().get_changeform_initial_data(request)}

    def get_readonly_fields(self, request: HttpRequest, obj: ConductWeights | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        return ("year", *FIGURES) if _released(obj) else ("year",)


def _released(weights: ConductWeights) -> bool:
    return weights.sheets.filter(state=ConductState.RELEASED).exists()


class SheetYearFilter(YearFilter):
    """By the year of the weights."""

    column = "weights__year"


@admin.register(ConductSheet)
class ConductSheetAdmin(OwnPageMixin, ReadOnlyAdmin):
    """The sheets of the classes: the page of one shows everybody's scores, their distribution and every moderation."""

    list_display = (
        "class_title",
        "starts_on",
        "teacher",
        "state_label",
        "progress",
        "submitted_at",
        "released_at",
    )
    list_display_links = ("class_title",)
    list_filter = ("state", SheetYearFilter)
    list_select_related = ("offering__lead_teacher", "weights")
    search_fields = ("offering__title", "=offering__code")
    ordering = ("-pk",)
    sortable_by = ()
    actions_list = ("open_class",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return sheet_list().order_by(*self.ordering)

    @display(description=gettext_lazy("class"))
    def class_title(self, sheet: ConductSheet) -> str:
        return sheet.offering.title

    @display(description=gettext_lazy("starts on"))
    def starts_on(self, sheet: ConductSheet) -> Any:
        return sheet.offering.starts_on

    @display(description=gettext_lazy("class teacher"))
    def teacher(self, sheet: ConductSheet) -> str:
        return str(sheet.offering.lead_teacher or "–")

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_label(self, sheet: ConductSheet) -> tuple[str, str]:
        return sheet.state, sheet.get_state_display()

    @display(description=gettext_lazy("scored"))
    def progress(self, sheet: ConductSheet) -> str:
        return f"{sheet.scored} / {sheet.people}"  # type: ignore[attr-defined]  # annotated by sheet_list

    # -- pages

    def own_pages(self) -> list[tuple[str, str, View]]:
        return [
            ("<key:sheet_id>/return/", "return", self.return_view),
            ("<key:sheet_id>/release/", "release", self.release_view),
            ("<key:sheet_id>/scores/<key:score_id>/", "score", self.score_view),
        ]

    def show(self, request: HttpRequest, found: ConductSheet) -> HttpResponse:
        """The sheet itself; nothing is changed by it."""
        sheet = sheet_of(found, request.user, with_changes=True)
        return self.page(
            request,
            "admin/trainees/conduct_sheet.html",
            title=_("Conduct assessment"),
            obj=found,
            sheet=sheet,
            may_act=self.has_act_permission(request) and found.state == ConductState.SUBMITTED,
            own_submission=found.submitted_by_id == request.user.pk,
            band_labels=[label for label, _number in sheet.bands],
            band_series=[{"name": _("People"), "data": [number for _label, number in sheet.bands]}],
        )

    @action(
        description=gettext_lazy("Open a conduct assessment"),
        icon="add",
        url_path="open",
        permissions=["act"],
    )
    def open_class(self, request: HttpRequest) -> HttpResponse:
        """Begin the assessment of a class."""
        form = OpenSheetForm(request.POST or None, classes=classes_to_open())
        if request.method == "POST" and form.is_valid():
            with self.attempt(request):
                sheet = open_sheet(offering_id=form.cleaned_data["offering"].pk, by=request.user)
                text = _("The assessment of “%(title)s” is open; the class teacher has a notice.")
                return self.done(request, text % {"title": sheet.offering.title}, self.page_of(sheet))
        return self.page(
            request,
            "admin/trainees/conduct_open.html",
            title=_("Open a conduct assessment"),
            form=form,
        )

    def score_view(self, request: HttpRequest, sheet_id: int, score_id: int) -> HttpResponse:
        """Change one person's score, with the reason."""
        sheet = self.row_to_change(request, sheet_id)
        found = sheet_of(sheet, request.user, with_changes=True)
        row = next((one for one in found.rows if one.score and one.score.pk == score_id), None)
        if row is None:
            raise Http404
        form = ModerateForm(request.POST or None, marking=found.marking)
        if request.method == "POST" and form.is_valid():
            with self.attempt(request):
                if request.POST.get("seen") != row.version:
                    raise Stale(_("The scores are %(scores)s now.") % {"scores": row.stored_text})
                moderate_score(
                    score_id=score_id,
                    dimension=form.cleaned_data["dimension"],
                    value=form.cleaned_data["value"],
                    reason=form.cleaned_data["reason"],
                    by=request.user,
                )
                text = _("The score of %(name)s is changed; the reason is kept.")
                return self.done(request, text % {"name": row.enrolment.cadre.name}, self.page_of(sheet))
        return self.page(
            request,
            "admin/trainees/conduct_score.html",
            title=_("Change a score"),
            obj=sheet,
            sheet=found,
            row=row,
            form=form,
            possible=sheet.state == ConductState.SUBMITTED,
        )

    def return_view(self, request: HttpRequest, sheet_id: int) -> HttpResponse:
        """Give the sheet back to the class teacher."""
        sheet = self.row_to_change(request, sheet_id)
        form = ReturnForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            with self.attempt(request):
                return_sheet(sheet_id=sheet.pk, reason=form.cleaned_data["reason"], by=request.user)
                return self.done(
                    request,
                    _("Returned; the class teacher has a notice with the reason."),
                    self.page_of(sheet),
                )
        return self.page(
            request,
            "admin/trainees/conduct_return.html",
            title=_("Return to the class teacher"),
            obj=sheet,
            form=form,
            possible=sheet.state == ConductState.SUBMITTED,
        )

    def release_view(self, request: HttpRequest, sheet_id: int) -> HttpResponse:
        """Release the results to the cadres."""
        sheet = self.row_to_change(request, sheet_id)
        if request.method == "POST":
            with self.attempt(request):
                release_sheet(sheet_id=sheet.pk, by=request.user)
                return self.done(
                    request,
                    _("Released; the cadres see their results and have a notice."),
                    self.page_of(sheet),
                )
        return self.page(
            request,
            "admin/trainees/conduct_release.html",
            title=_("Release the results"),
            obj=sheet,
            sheet=sheet_of(sheet, request.user),
            possible=sheet.state == ConductState.SUBMITTED and sheet.submitted_by_id != request.user.pk,
        )
