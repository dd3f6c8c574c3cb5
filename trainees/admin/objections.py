"""The desk of objections, and make-up trainings one by one."""

from typing import Any

from django.contrib import admin
from django.db.models import Case, F, When
from django.db.models.expressions import OrderBy
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from partyschool.accounts.admin.units import JurisdictionFilter
from partyschool.common.admin import ReadOnlyAdmin, YearFilter
from partyschool.common.admin_pages import OwnPageMixin, View
from partyschool.common.deeds import tell
from trainees.enums import MakeUpState, ObjectionState
from trainees.forms.make_up import EndForm
from trainees.forms.objections import AnswerForm
from trainees.models import AssessmentObjection, MakeUpPlan
from trainees.selectors.credits import explain_year
from trainees.selectors.make_up import PlanRow
from trainees.selectors.objections import objection_lines
from trainees.services.make_up import end_make_up
from trainees.services.objections import answer_objection

OBJECTION_COLOURS = {
    ObjectionState.RAISED: "warning",
    ObjectionState.UPHELD: "success",
    ObjectionState.REJECTED: "danger",
}
MAKE_UP_COLOURS = {
    MakeUpState.PLANNED: "warning",
    MakeUpState.DONE: "success",
    MakeUpState.MISSED: "danger",
}
OPEN_FIRST = OrderBy(Case(When(state=ObjectionState.RAISED, then=0), default=1))


class AssessmentYearFilter(YearFilter):
    """By the year of the result."""

    column = "assessment__year"


class AssessmentJurisdictionFilter(JurisdictionFilter):
    """By the unit of that year."""

    path_lookup = "assessment__unit__path"


class _AboutResult(OwnPageMixin, ReadOnlyAdmin):
    """Records that hang on a result."""

    list_select_related = ("assessment__cadre", "assessment__unit")
    search_fields = ("assessment__cadre__name", "=assessment__cadre__code")
    search_help_text = gettext_lazy("Name, or a cadre number written in full")
    sortable_by = ()

    @display(description=gettext_lazy("cadre"))
    def cadre_name(self, row: Any) -> str:
        return row.assessment.cadre.name

    @display(description=gettext_lazy("unit"))
    def unit_name(self, row: Any) -> str:
        return row.assessment.unit.name

    @display(description=gettext_lazy("year"))
    def year_of(self, row: Any) -> int:
        return row.assessment.year


@admin.register(AssessmentObjection)
class AssessmentObjectionAdmin(_AboutResult):
    """Objections, oldest open one first; each with the whole account of the cadre beside the answer."""

    list_display = ("cadre_name", "unit_name", "year_of", "side", "state_label", "raised_at", "answered_at")
    list_filter = ("state", AssessmentYearFilter, "by_unit", AssessmentJurisdictionFilter)
    ordering = (OPEN_FIRST, "raised_at", "pk")

    @display(description=gettext_lazy("raised by"))
    def side(self, objection: AssessmentObjection) -> str:
        return _("the unit") if objection.by_unit else _("the cadre")

    @display(description=gettext_lazy("state"), label=OBJECTION_COLOURS)
    def state_label(self, objection: AssessmentObjection) -> tuple[str, str]:
        return objection.state, objection.get_state_display()

    def own_pages(self) -> list[tuple[str, str, View]]:
        return [("<key:objection_id>/answer/", "answer", self.answer_view)]

    def show(self, request: HttpRequest, found: AssessmentObjection) -> HttpResponse:
        return self._desk(request, found, AnswerForm())

    def answer_view(self, request: HttpRequest, objection_id: int) -> HttpResponse:
        """Answer one objection; on a refusal its desk is shown again with what was entered."""
        objection = self.row_to_change(request, objection_id)
        form = AnswerForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            upheld = form.cleaned_data["decision"] == "upheld"
            with self.attempt(request, reread=objection):
                answer_objection(
                    objection_id=objection.pk,
                    upheld=upheld,
                    answer=form.cleaned_data["answer"],
                    by=request.user,
                )
                return self.done(
                    request,
                    _("The objection is answered; the cadre and the unit are told."),
                    self.list_page() + "?state__exact=raised",
                )
        return self._desk(request, objection, form)

    def _desk(self, request: HttpRequest, objection: AssessmentObjection, form: AnswerForm) -> HttpResponse:
        assessment = objection.assessment
        if request.method == "GET":
            tell(action="assessmentobjection.view", subject=objection, by=request.user)
        return self.page(
            request,
            "admin/trainees/objection.html",
            title=_("Objection to the result of %(year)s") % {"year": assessment.year},
            obj=objection,
            objection=objection,
            line=objection_lines([objection], request.user)[0],
            assessment=assessment,
            cadre=assessment.cadre,
            account=explain_year(assessment.cadre, assessment.year),
            form=form,
            possible=objection.state == ObjectionState.RAISED and self.has_act_permission(request),
        )


@admin.register(MakeUpPlan)
class MakeUpPlanAdmin(_AboutResult):
    """Make-up trainings, those under way first by the day they are due."""

    list_display = (
        "cadre_name",
        "unit_name",
        "year_of",
        "content",
        "credits",
        "due_on",
        "state_label",
        "outcome",
    )
    list_filter = ("state", AssessmentYearFilter, AssessmentJurisdictionFilter)
    ordering = (F("ended_at").asc(nulls_first=True), "due_on", "pk")

    @display(description=gettext_lazy("state"), label=MAKE_UP_COLOURS)
    def state_label(self, plan: MakeUpPlan) -> tuple[str, str]:
        return plan.state, plan.get_state_display()

    def own_pages(self) -> list[tuple[str, str, View]]:
        return [("<key:plan_id>/end/", "end", self.end_view)]

    def show(self, request: HttpRequest, found: MakeUpPlan) -> HttpResponse:
        return self._plan(request, found, EndForm())

    def end_view(self, request: HttpRequest, plan_id: int) -> HttpResponse:
        """Say how one plan ended."""
        plan = self.row_to_change(request, plan_id)
        form = EndForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            with self.attempt(request, reread=plan):
                end_make_up(plan_id=plan.pk, by=request.user, **form.cleaned_data)
                return self.done(
                    request, _("The outcome is kept; the cadre and the unit are told."), self.list_page()
                )
        return self._plan(request, plan, form)

    def _plan(self, request: HttpRequest, plan: MakeUpPlan, form: EndForm) -> HttpResponse:
        if request.method == "GET":
            tell(action="makeupplan.view", subject=plan, by=request.user)
        return self.page(
            request,
            "admin/trainees/make_up.html",
            title=_("Make-up training"),
            obj=plan,
            plan=plan,
            row=PlanRow(plan),
            form=form,
            possible=plan.state == MakeUpState.PLANNED and self.has_act_permission(request),
        )
