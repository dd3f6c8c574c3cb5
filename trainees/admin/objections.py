"""The desk of objections, and make-up trainings one by one."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, F, When
from django.db.models.expressions import OrderBy
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from partyschool.accounts.admin.units import JurisdictionFilter
from partyschool.common.admin import ReadOnlyAdmin, YearFilter
from partyschool.common.deeds import tell
from partyschool.common.errors import DomainError
from partyschool.common.numbers import whole_number
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

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        year = whole_number(self.value() or "")
        return queryset if year is None else queryset.filter(assessment__year=year)


class AssessmentJurisdictionFilter(JurisdictionFilter):
    """By the unit of that year."""

    path_lookup = "assessment__unit__path"


class _AboutResult(ReadOnlyAdmin):
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

    def get_urls(self) -> list[Any]:
        answer = path(
            "<key:objection_id>/answer/",
            self.admin_site.admin_view(self.answer_view),
            name="trainees_assessmentobjection_answer",
        )
        return [answer, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_view_permission(request) or request.method == "POST":
            raise PermissionDenied
        return self._desk(request, self.get_or_404(request, object_id), AnswerForm())

    def answer_view(self, request: HttpRequest, objection_id: int) -> HttpResponse:
        """Answer one objection; on a refusal its desk is shown again with what was entered."""
        self.require_change(request)
        objection, status = self.get_or_404(request, objection_id), 200
        form = AnswerForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            upheld = form.cleaned_data["decision"] == "upheld"
            try:
                answer_objection(
                    objection_id=objection.pk,
                    upheld=upheld,
                    answer=form.cleaned_data["answer"],
                    by=request.user,
                )
            except DomainError as error:
                self.refuse(request, error)
                status = 409
                objection = self.get_or_404(request, objection_id)
            else:
                messages.success(request, _("The objection is answered; the cadre and the unit are told."))
                return HttpResponseRedirect(
                    reverse("admin:trainees_assessmentobjection_changelist") + "?state__exact=raised"
                )
        return self._desk(request, objection, form, status=status)

    def _desk(
        self, request: HttpRequest, objection: AssessmentObjection, form: AnswerForm, status: int = 200
    ) -> HttpResponse:
        assessment = objection.assessment
        if request.method == "GET":
            tell(action="assessmentobjection.view", subject=objection, by=request.user)
        return self.page(
            request,
            "admin/trainees/objection.html",
            title=_("Objection to the result of %(year)s") % {"year": assessment.year},
            obj=objection,
            status=status,
            objection=objection,
            line=objection_lines([objection], request.user)[0],
            assessment=assessment,
            cadre=assessment.cadre,
            account=explain_year(assessment.cadre, assessment.year),
            form=form,
            possible=objection.state == ObjectionState.RAISED
            and request.user.has_perm("trainees.change_assessmentobjection"),
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

    def get_urls(self) -> list[Any]:
        end = path(
            "<key:plan_id>/end/",
            self.admin_site.admin_view(self.end_view),
            name="trainees_makeupplan_end",
        )
        return [end, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_view_permission(request) or request.method == "POST":
            raise PermissionDenied
        return self._plan(request, self.get_or_404(request, object_id), EndForm())

    def end_view(self, request: HttpRequest, plan_id: int) -> HttpResponse:
        """Say how one plan ended."""
        self.require_change(request)
        plan, status = self.get_or_404(request, plan_id), 200
        form = EndForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                end_make_up(plan_id=plan.pk, by=request.user, **form.cleaned_data)
            except DomainError as error:
                self.refuse(request, error)
                status = 409
                plan = self.get_or_404(request, plan_id)
            else:
                messages.success(request, _("The outcome is kept; the cadre and the unit are told."))
                return HttpResponseRedirect(reverse("admin:trainees_makeupplan_changelist"))
        return self._plan(request, plan, form, status=status)

    def _plan(self, request: HttpRequest, plan: MakeUpPlan, form: EndForm, status: int = 200) -> HttpResponse:
        if request.method == "GET":
            tell(action="makeupplan.view", subject=plan, by=request.user)
        return self.page(
            request,
            "admin/trainees/make_up.html",
            title=_("Make-up training"),
            obj=plan,
            status=status,
            plan=plan,
            row=PlanRow(plan),
            form=form,
            possible=plan.state == MakeUpState.PLANNED
            and request.user.has_perm("trainees.change_makeupplan"),
        )
