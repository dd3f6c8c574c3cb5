from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from partyschool.common import clock
from partyschool.common.admin import ReadOnlyAdmin, YearFilter
from trainees.enums import CreditCategory, Grade
from trainees.forms import YearForm
from trainees.forms.objections import CorrectionForm, CorrectionReasonForm
from trainees.models import YearlyAssessment
from trainees.selectors.reasons import reason_text
from trainees.selectors.rosters import year_overview
from trainees.selectors.versions import comparison, versions_of
from trainees.selectors.year_states import year_of
from trainees.services.corrections import AS_STORED, correct_result, judge_again
from trainees.services.years import YearClosing, close_year

from .filters import OwnJurisdictionFilter

GRADE_COLOURS = {
    Grade.EXCELLENT: "success",
    Grade.PASS: "success",
    Grade.FAIL: "danger",
    Grade.EXEMPT: "info",
}


@admin.register(YearlyAssessment)
class YearlyAssessmentAdmin(ReadOnlyAdmin):
    """Results as the closing of the year wrote them, each with its reckoning."""

    list_display = (
        "cadre",
        "unit",
        "year",
        "rank",
        "counted",
        "needed",
        "grade_label",
        "state_label",
        "reckoned_at",
    )
    list_display_links = ("cadre",)
    list_filter = (YearFilter, "result", "grade", "rank", OwnJurisdictionFilter)
    list_select_related = ("cadre", "unit")
    search_fields = ("cadre__name", "=cadre__code")
    search_help_text = gettext_lazy("Name, or a cadre number written in full")
    ordering = ("-year", "-counted", "-pk")
    sortable_by = ()
    actions_list = ("close_the_year",)
    actions_detail = ("correct",)
    records_views = True
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "cadre",
                    "year",
                    "unit",
                    "jurisdiction",
                    "rank",
                    "grade",
                    "excellent",
                    "why",
                )
            },
        ),
        (gettext_lazy("Reckoning"), {"fields": ("earned", "counted", "needed", "reckoning", "scheme")}),
        (gettext_lazy("Closing"), {"fields": ("reckoned_at", "closed_by", "year_state", "versions")}),
    )
    readonly_fields = ("why", "reckoning", "reckoned_at", "excellent", "year_state", "versions")

    @display(description=gettext_lazy("cannot be rated excellent"))
    def excellent(self, assessment: YearlyAssessment) -> str:
        return _("yes") if assessment.bars_excellent else _("no")

    @display(description=gettext_lazy("grade"), label=GRADE_COLOURS)
    def grade_label(self, assessment: YearlyAssessment) -> tuple[str, str]:
        return assessment.grade, assessment.get_grade_display()

    @display(
        description=gettext_lazy("state"), label={"sealed": "success", "corrected": "warning", "open": "info"}
    )
    def state_label(self, assessment: YearlyAssessment) -> tuple[str, str]:
        if assessment.corrects_id:
            return "corrected", _("corrected")
        return ("sealed", _("sealed")) if assessment.sealed else ("open", _("not sealed"))

    @display(description=gettext_lazy("state of the year"))
    def year_state(self, assessment: YearlyAssessment) -> str:
        return str(year_of(assessment.year).get_state_display())

    @display(description=gettext_lazy("versions"))
    def versions(self, assessment: YearlyAssessment) -> SafeString | str:
        found = versions_of(assessment)
        if len(found) < 2:
            return "–"
        return render_to_string("admin/trainees/_versions.html", {"versions": found})

    @display(description=gettext_lazy("reckoned at"))
    def reckoned_at(self, assessment: YearlyAssessment) -> str:
        return date_format(localtime(assessment.closed_at), "DATETIME_FORMAT")

    @display(description=gettext_lazy("reasons"))
    def why(self, assessment: YearlyAssessment) -> SafeString | str:
        return (
            format_html_join("", "<p>{}</p>", [(reason_text(reason),) for reason in assessment.reasons])
            or "–"
        )

    @display(description=gettext_lazy("by category"))
    def reckoning(self, assessment: YearlyAssessment) -> SafeString:
        rows = [
            (label, _number(part["earned"]), _number(part["cap"]), _number(part["counted"]))
            for code, label in CreditCategory.choices
            if (part := assessment.breakdown.get(code)) is not None
        ]
        body = format_html_join("", "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td></tr>", rows)
        head = format_html(
            "<tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th></tr>",
            _("category"),
            _("earned"),
            _("at most"),
            _("counted"),
        )
        return format_html('<table class="reckoning"><thead>{}</thead><tbody>{}</tbody></table>', head, body)

    # -- correcting a sealed result

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Only a sealed result is corrected; before, the year is closed again."""
        sealed = YearlyAssessment.objects.visible_to(request.user).filter(pk=object_id, sealed=True)
        return super().get_actions_detail(request, object_id) if sealed.exists() else []

    @action(
        description=gettext_lazy("Correct the sealed result"),
        icon="edit_note",
        url_path="correct",
        permissions=["act"],
    )
    def correct(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """First what it would be (GET), beside what it is; then (POST) with the reason."""
        assessment, judged = self.get_or_404(request, object_id), None
        asked = CorrectionForm({"rank": "", "ground": AS_STORED} | request.GET.dict())
        form = CorrectionReasonForm(request.POST if request.method == "POST" else None, initial=asked.data)
        if request.method == "POST" and form.is_valid():
            with self.attempt(request):
                made = correct_result(
                    assessment_id=assessment.pk,
                    stated=form.stated(),
                    reason=form.cleaned_data["reason"],
                    seen=form.cleaned_data["seen"],
                    by=request.user,
                )
                return self.done(
                    request, _("The result is corrected; all concerned are told."), self.page_of(made)
                )
        source = form if request.method == "POST" else asked
        source.is_valid()
        if "rank" in source.cleaned_data and "ground" in source.cleaned_data:
            with self.attempt(request):
                judged = judge_again(assessment, source.stated(), by=request.user, now=clock.now())
        return self.page(
            request,
            "admin/trainees/correct.html",
            title=_("Correct the sealed result"),
            obj=assessment,
            assessment=assessment,
            asked=asked,
            form=form,
            seen=judged.digest if judged else "",
            differs=judged is not None and judged.differs_from(assessment),
            lines=comparison(assessment, judged.as_row(assessment)) if judged else (),
            versions=versions_of(assessment),
            possible=assessment.sealed and not assessment.superseded,
        )

    # -- closing the year

    @action(
        description=gettext_lazy("Close the year"),
        icon="event_available",
        url_path="close-year",
        permissions=["act"],
    )
    def close_the_year(self, request: HttpRequest) -> HttpResponse:
        form = YearForm(request.POST or request.GET or None, initial={"year": clock.school_year()})
        year = form.cleaned_data["year"] if form.is_bound and form.is_valid() else None
        if request.method == "POST" and year:
            with self.attempt(request):
                closing = close_year(year=year, by=request.user)
                return self.done(request, closing_text(closing), f"{self.list_page()}?year={year}")
        return self.page(
            request,
            "admin/trainees/close_year.html",
            title=_("Close the year"),
            form=form,
            year=year,
            overview=year_overview(year) if year else None,
            this_year=clock.school_year(),
        )


def closing_text(closing: YearClosing) -> str:
    """What a closing did, as one message."""
    parts = [
        _(
            "%(year)s closed: %(total)s results, %(passed)s passed, %(failed)s failed, %(exempt)s exempt; %(changed)s rows new or changed."
        )
        % {
            "year": closing.year,
            "total": closing.total,
            "passed": closing.passed,
            "failed": closing.failed,
            "exempt": closing.exempt,
            "changed": closing.changed,
        }
    ]
    if closing.provisional:
        parts.append(_("The year is not over yet: the results are provisional."))
    if closing.open_offerings:
        parts.append(
            _("%(number)s offerings of this year are still open.") % {"number": closing.open_offerings}
        )
    return " ".join(parts)


def _number(value: Any) -> str:
    return "–" if value is None else number_format(Decimal(str(value)).normalize())
