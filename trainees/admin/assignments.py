"""Organised assignment as the school works on it: made, shared out among units, issued, followed, ended."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from partyschool.common.admin import ReadOnlyAdmin
from partyschool.common.errors import DomainError
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
class AssignmentAdmin(ReadOnlyAdmin):
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

    def get_urls(self) -> list[Any]:
        wrap, name = self.admin_site.admin_view, "trainees_assignment"
        own = [
            path("<key:object_id>/quotas/", wrap(self.quotas_view), name=f"{name}_quotas"),
            path("<key:object_id>/dates/", wrap(self.dates_view), name=f"{name}_dates"),
            path("<key:object_id>/issue/", wrap(self.issue_view), name=f"{name}_issue"),
            path("<key:object_id>/close/", wrap(self.close_view), name=f"{name}_close"),
            path("<key:object_id>/cancel/", wrap(self.cancel_view), name=f"{name}_cancel"),
        ]
        return own + super().get_urls()

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A new draft; the quotas follow."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewAssignmentForm(request.POST or None, initial=NewAssignmentForm.proposed())
        status = 200
        if request.method == "POST" and form.is_valid():
            entered = dict(form.cleaned_data)
            try:
                made = make_assignment(offering_id=entered.pop("offering").pk, by=request.user, **entered)
            except DomainError as error:
                self.refuse(request, error)
                status = 409
            else:
                messages.success(
                    request, _("The assignment is a draft. Next: how many people each unit sends.")
                )
                return HttpResponseRedirect(reverse("admin:trainees_assignment_quotas", args=[made.pk]))
        return self.page(
            request,
            "admin/trainees/assignment_form.html",
            title=_("New assignment"),
            status=status,
            form=form,
            button=_("Save the draft"),
            back=reverse("admin:trainees_assignment_changelist"),
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The board: how far each unit has come."""
        if request.method == "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_or_404(request, object_id)
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
            live=found.state in LIVE_ASSIGNMENTS,
            may_act=request.user.has_perm("trainees.change_assignment"),
        )

    def quotas_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """How many people each unit sends; `?people=` proposes numbers by headcount."""
        found = self._to_change(request, object_id)
        proposal = ProposalForm(request.GET or None)
        share = proposal.cleaned_data["people"] if request.GET and proposal.is_valid() else None
        form = QuotasForm(request.POST or None, rows=quota_rows(found, share_out=share))
        status = 200
        if request.method == "POST" and form.is_valid():
            try:
                set_quotas(assignment_id=found.pk, seats=form.seats(), by=request.user)
            except DomainError as error:
                self.refuse(request, error)
                status = 409
            else:
                messages.success(request, _("The quotas are stored."))
                return HttpResponseRedirect(self._board(found))
        return self.page(
            request,
            "admin/trainees/assignment_quotas.html",
            title=_("Quotas of the units"),
            obj=found,
            status=status,
            assignment=found,
            form=form,
            proposal=proposal,
            live=found.state in LIVE_ASSIGNMENTS,
        )

    def dates_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Dates, instructions and whom the class is meant for."""
        found = self._to_change(request, object_id)
        form = AssignmentForm(request.POST or None, initial=AssignmentForm.stored(found))
        status = 200
        if request.method == "POST" and form.is_valid():
            try:
                change_assignment(assignment_id=found.pk, by=request.user, **form.cleaned_data)
            except DomainError as error:
                self.refuse(request, error)
                status = 409
            else:
                messages.success(request, _("Stored. Units under way are told of new dates."))
                return HttpResponseRedirect(self._board(found))
        return self.page(
            request,
            "admin/trainees/assignment_form.html",
            title=_("Dates and instructions"),
            obj=found,
            status=status,
            assignment=found,
            form=form,
            button=_("Save"),
            back=self._board(found),
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
        found = self._to_change(request, object_id)
        status = 200
        if request.method == "POST" and (form is None or form.is_valid()):
            try:
                deed(assignment_id=found.pk, by=request.user, **(form.cleaned_data if form else {}))
            except DomainError as error:
                self.refuse(request, error)
                status = 409
                found.refresh_from_db()
            else:
                messages.success(request, done)
                return HttpResponseRedirect(self._board(found))
        return self.page(
            request,
            "admin/trainees/assignment_step.html",
            title=title,
            obj=found,
            status=status,
            assignment=found,
            text=text,
            form=form,
            back=self._board(found),
        )

    def _to_change(self, request: HttpRequest, object_id: int) -> Any:
        self.require_change(request)
        return self.get_or_404(request, object_id)

    def _board(self, found: Assignment) -> str:
        return reverse("admin:trainees_assignment_change", args=[found.pk])
