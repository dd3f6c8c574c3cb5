"""The life of an assessment year on one page: numbers, then the next step."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import display

from partyschool.common import clock
from partyschool.common.admin import ReadOnlyAdmin
from partyschool.common.admin_pages import OwnPageMixin, View
from partyschool.common.paging import keyset_page
from trainees.enums import AssessmentResult, FigureCode, Grade, MakeUpState, ObjectionState, YearState
from trainees.forms.make_up import DueForm, ProposalForm
from trainees.models import AssessmentYear
from trainees.selectors.figures import figure
from trainees.selectors.make_up import make_up_cases, unplanned
from trainees.selectors.year_states import (
    offerings_not_closed,
    takes_objections,
    unit_tallies,
    year_numbers,
)
from trainees.services.make_up import due_date, plan_make_up
from trainees.services.year_states import open_objections, seal_year
from trainees.services.years import close_year

from .assessments import closing_text

STATE_COLOURS = {YearState.PREVIEW: "info", YearState.OBJECTION: "warning", YearState.SEALED: "success"}
CASES_A_PAGE = 50


@admin.register(AssessmentYear)
class AssessmentYearAdmin(OwnPageMixin, ReadOnlyAdmin):
    """The years that were ever closed, each as the way to its page."""

    list_display = ("year", "state_label", "opened_at", "objections_until", "sealed_at")
    list_filter = ("state",)
    ordering = ("-year",)
    sortable_by = ()

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_label(self, held: AssessmentYear) -> tuple[str, str]:
        return held.state, held.get_state_display()

    def own_pages(self) -> list[tuple[str, str, View]]:
        return [
            ("<key:held_id>/close/", "close", self.close_view),
            ("<key:held_id>/open/", "open", self.open_view),
            ("<key:held_id>/seal/", "seal", self.seal_view),
            ("<key:held_id>/make-up/", "make_up", self.make_up_view),
        ]

    def show(self, request: HttpRequest, found: AssessmentYear) -> HttpResponse:
        """Where the year stands; nothing is changed by it."""
        numbers, units = year_numbers(found.year), unit_tallies(found.year)
        return self.page(
            request,
            "admin/trainees/year.html",
            title=_("Assessment of %(year)s") % {"year": found.year},
            obj=found,
            held=found,
            steps=_steps(found),
            numbers=numbers,
            results=[(one.label, numbers.results[one]) for one in AssessmentResult],
            excellent=numbers.grades[Grade.EXCELLENT],
            objections=[(one, numbers.objections[one]) for one in ObjectionState],
            make_up=[(one, numbers.make_up[one]) for one in MakeUpState],
            not_closed=offerings_not_closed(found.year)[:20],
            open_number=offerings_not_closed(found.year).count(),
            units=units,
            chart_labels=[unit.name for unit, _tally in units],
            chart_series=[
                {"name": str(one.label), "data": [getattr(tally, column) for _unit, tally in units]}
                for one, column in _COLUMNS
            ],
            takes_objections=takes_objections(found),
            over=clock.now() >= clock.year_end(found.year),
            may_act=self.has_act_permission(request),
        )

    # -- the steps, each behind a page that says what it does

    def close_view(self, request: HttpRequest, held_id: int) -> HttpResponse:
        def deed(held: AssessmentYear) -> str:
            return closing_text(close_year(year=held.year, by=request.user))

        return self._step(request, held_id, "close", _("Close the year"), deed)

    def open_view(self, request: HttpRequest, held_id: int) -> HttpResponse:
        def deed(held: AssessmentYear) -> str:
            opened = open_objections(year=held.year, by=request.user)
            until = clock.in_words(opened.objections_until) if opened.objections_until else "–"
            return _("%(year)s is open to objections until %(until)s. Everybody concerned is being told.") % {
                "year": held.year,
                "until": until,
            }

        return self._step(request, held_id, "open", _("Open to objections"), deed)

    def seal_view(self, request: HttpRequest, held_id: int) -> HttpResponse:
        def deed(held: AssessmentYear) -> str:
            confirmed = [int(pk) for pk in request.POST.getlist("offering") if pk.isdecimal()]
            closing = seal_year(year=held.year, confirmed=confirmed, by=request.user)
            text = ngettext(
                "%(year)s is sealed with %(number)s result.",
                "%(year)s is sealed with %(number)s results.",
                closing.total,
            )
            return text % {"year": held.year, "number": closing.total}

        return self._step(request, held_id, "seal", _("Seal the year"), deed)

    def _step(
        self, request: HttpRequest, held_id: int, step: str, title: str, deed: Callable[[AssessmentYear], str]
    ) -> HttpResponse:
        held = self.row_to_change(request, held_id)
        if request.method == "POST":
            with self.attempt(request, reread=held):
                return self.done(request, deed(held), self.page_of(held))
        return self.page(
            request,
            "admin/trainees/year_step.html",
            title=title,
            obj=held,
            held=held,
            step=step,
            steps=_steps(held),
            numbers=year_numbers(held.year),
            not_closed=offerings_not_closed(held.year),
            days=figure(FigureCode.OBJECTION_DAYS).normalize() if step == "open" else None,
        )

    # -- make-up training in bulk

    def make_up_view(self, request: HttpRequest, held_id: int) -> HttpResponse:
        """Those who failed and have no plan, page by page, each with a proposal."""
        held = self.row_to_change(request, held_id)
        page = keyset_page(
            unplanned(request.user, year=held.year),
            order=("counted", "id"),
            after=request.GET.get("after", ""),
            before=request.GET.get("before", ""),
            size=CASES_A_PAGE,
        )
        sent = request.POST if request.method == "POST" else None
        due = DueForm(sent, initial={"due_on": due_date(held)} if held.sealed_at else {})
        forms = [ProposalForm(sent, case=case) for case in make_up_cases(page)]
        if (
            sent is not None
            and held.sealed_at
            and all([due.is_valid(), *[form.is_valid() for form in forms]])
        ):
            lines = [line for form in forms if (line := form.line())]
            with self.attempt(request):
                made = plan_make_up(
                    year=held.year, plans=lines, due_on=due.cleaned_data["due_on"], by=request.user
                )
                text = ngettext(
                    "%(number)s make-up training planned; cadre and unit are told.",
                    "%(number)s make-up trainings planned; cadres and units are told.",
                    len(made),
                )
                return self.done(request, text % {"number": len(made)}, request.get_full_path())
        return self.page(
            request,
            "admin/trainees/year_make_up.html",
            title=_("Plan make-up training"),
            obj=held,
            held=held,
            due=due,
            forms=forms,
            page=page,
        )


_COLUMNS = (
    (AssessmentResult.PASS, "passed"),
    (AssessmentResult.FAIL, "failed"),
    (AssessmentResult.EXEMPT, "exempt"),
)


def _steps(held: AssessmentYear) -> list[tuple[Any, bool, bool]]:
    """(label, is past, is now) of each state."""
    order = list(YearState)
    present = order.index(YearState(held.state))
    return [(state.label, number < present, number == present) for number, state in enumerate(order)]
