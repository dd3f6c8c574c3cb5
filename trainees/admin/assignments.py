"""Organised assignment as the school works on it: made, shared out among units, issued, followed, ended."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from partyschool.common.admin import ReadOnlyAdmin
from partyschool.common.admin_pages import OwnPageMixin, View
from trainees.enums import AssignmentState, NominationState
from trainees.forms.assignments_admin import (
    AssignmentForm,
    EndForm,
    NewAssignmentForm,
    ProposalForm,
    QuotasForm,
)
from trainees.models import Assignment, AssignmentQuota, Nomination
from trainees.selectors.assignments import board_lines
from trainees.selectors.assignments_facts import length_of_class
from trainees.selectors.assignments_quotas import quota_rows
from trainees.services.assignments import (
    LIVE_ASSIGNMENTS,
    cancel_assignment,
    change_assignment,
    close_assignment,
    issue_assignment,
    make_assignment,
    set_quotas,
)

STATE_COLOURS = {
    AssignmentState.DRAFT: "warning",
    AssignmentState.ISSUED: "success",
    AssignmentState.CLOSED: "info",
}


@admin.register(Assignment)
class AssignmentAdmin(OwnPageMixin, ReadOnlyAdmin):
    """A list of assignments, each as the way to its board. Whatever is written goes through the services."""

    list_display = ("class_title", "state_label", "class_starts", "nominate_by", "people", "confirmed")
    list_filter = ("state",)
    search_fields = ("offering__title", "offering__code")
    ordering = ("-nominate_by", "-pk")
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("offering")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The numbers of the rows that are shown, in two queries for all of them."""
        found = super().get_changelist_instance(request)
        keys = [row.pk for row in found.result_list]
        sums = AssignmentQuota.objects.filter(assignment__in=keys).order_by().values_list("assignment")
        self._seats = {key: numbers for key, *numbers in sums.annotate(Sum("seats"), Sum("nominated"))}
        called = Nomination.objects.filter(assignment__in=keys).unscoped("numbers, not people").order_by()
        confirmed = called.values_list("assignment").annotate(
            number=Count("pk", filter=Q(state=NominationState.CONFIRMED))
        )
        for row in found.result_list:
            row.seat_sum, row.nominated_sum = self._seats.get(row.pk, (0, 0))
            row.confirmed_sum = dict(confirmed).get(row.pk, 0)
        return found

    @display(description=gettext_lazy("class"))
    def class_title(self, found: Assignment) -> str:
        return found.offering.title

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_label(self, found: Assignment) -> tuple[str, str]:
        return found.state, found.get_state_display()

    @display(description=gettext_lazy("starts on"))
    def class_starts(self, found: Assignment) -> Any:
        return found.offering.starts_on

    @display(description=gettext_lazy("nominated"))
    def people(self, found: Any) -> str:
        return f"{found.nominated_sum} / {found.seat_sum}"

    @display(description=gettext_lazy("confirmed"))
    def confirmed(self, found: Any) -> int:
        return found.confirmed_sum

    # -- pages

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("trainees.add_assignment")

    def own_pages(self) -> list[tuple[str, str, View]]:
        return [
            ("<key:object_id>/quotas/", "quotas", self.quotas_view),
            ("<key:object_id>/dates/", "dates", self.dates_view),
            ("<key:object_id>/issue/", "issue", self.issue_view),
            ("<key:object_id>/close/", "close", self.close_view),
            ("<key:object_id>/cancel/", "cancel", self.cancel_view),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A new draft; the quotas follow."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewAssignmentForm(request.POST or None, initial=NewAssignmentForm.proposed())
        if request.method == "POST" and form.is_valid():
            entered = dict(form.cleaned_data)
            with self.attempt(request):
                made = make_assignment(offering_id=entered.pop("offering").pk, by=request.user, **entered)
                return self.done(
                    request,
                    _("The assignment is a draft. Next: how many people each unit sends."),
                    reverse("admin:trainees_assignment_quotas", args=[made.pk]),
                )
        return self.page(
            request,
            "admin/trainees/assignment_form.html",
            title=_("New assignment"),
            form=form,
            button=_("Save the draft"),
            back=self.list_page(),
        )

    def show(self, request: HttpRequest, found: Assignment) -> HttpResponse:
        """The board: how far each unit has come."""
        quotas = found.quotas.select_related("unit").order_by("unit__path")
        lines = board_lines(list(quotas), with_officers=True)
        by_name = found.nominations.filter(quota=None, state=NominationState.CONFIRMED)
        return self.page(
            request,
            "admin/trainees/assignment_board.html",
            title=_("Organised assignment"),
            obj=found,
            assignment=found,
            lines=lines,
            seats=sum(line.quota.seats for line in lines),
            nominated=sum(line.quota.nominated for line in lines),
            confirmed=sum(line.confirmed for line in lines),
            by_name=by_name.unscoped("a number").count(),
            too_long=length_of_class(found.offering),
            live=found.state in LIVE_ASSIGNMENTS,
            may_act=self.has_act_permission(request),
        )

    def quotas_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """How many people each unit sends; `?people=` proposes numbers by headcount."""
        found = self.row_to_change(request, object_id)
        proposal = ProposalForm(request.GET or None)
        share = proposal.cleaned_data["people"] if request.GET and proposal.is_valid() else None
        form = QuotasForm(request.POST or None, rows=quota_rows(found, share_out=share))
        if request.method == "POST" and form.is_valid():
            with self.attempt(request):
                set_quotas(assignment_id=found.pk, seats=form.seats(), by=request.user)
                return self.done(request, _("The quotas are stored."), self.page_of(found))
        return self.page(
            request,
            "admin/trainees/assignment_quotas.html",
            title=_("Quotas of the units"),
            obj=found,
            assignment=found,
            form=form,
            proposal=proposal,
            live=found.state in LIVE_ASSIGNMENTS,
        )

    def dates_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Dates, instructions and whom the class is meant for."""
        found = self.row_to_change(request, object_id)
        form = AssignmentForm(request.POST or None, initial=AssignmentForm.stored(found))
        if request.method == "POST" and form.is_valid():
            with self.attempt(request):
                change_assignment(assignment_id=found.pk, by=request.user, **form.cleaned_data)
                return self.done(
                    request, _("Stored. Units under way are told of new dates."), self.page_of(found)
                )
        return self.page(
            request,
            "admin/trainees/assignment_form.html",
            title=_("Dates and instructions"),
            obj=found,
            assignment=found,
            form=form,
            button=_("Save"),
            back=self.page_of(found),
        )

    def issue_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self._step(
            request,
            object_id,
            title=_("Issue to the units"),
            text=_("The officers of every unit with a quota get a notice and can nominate at once."),
            done=_("Issued. The units have been told."),
            deed=issue_assignment,
        )

    def close_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self._step(
            request,
            object_id,
            title=_("Close the assignment"),
            text=_(
                "The confirmed stay called. What nobody has decided is taken back, and nothing more is changed."
            ),
            done=_("Closed."),
            deed=close_assignment,
        )

    def cancel_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self._step(
            request,
            object_id,
            title=_("Call the assignment off"),
            text=_(
                "Nominations are taken back and the units are told. It is not possible once somebody is confirmed."
            ),
            done=_("Called off. The units have been told."),
            deed=cancel_assignment,
            form=EndForm(request.POST or None),
        )

    def _step(
        self,
        request: HttpRequest,
        object_id: int,
        *,
        title: str,
        text: str,
        done: str,
        deed: Callable[..., Any],
        form: EndForm | None = None,
    ) -> HttpResponse:
        """A page that says what will happen, and does it."""
        found = self.row_to_change(request, object_id)
        if request.method == "POST" and (form is None or form.is_valid()):
            with self.attempt(request, reread=found):
                deed(assignment_id=found.pk, by=request.user, **(form.cleaned_data if form else {}))
                return self.done(request, done, self.page_of(found))
        return self.page(
            request,
            "admin/trainees/assignment_step.html",
            title=title,
            obj=found,
            assignment=found,
            text=text,
            form=form,
            back=self.page_of(found),
        )
