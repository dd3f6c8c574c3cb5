"""The desk of a selection round: live board, who has not decided, topics that are too small, demand, rosters of all topics."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from courses.enums import OfferingState, RoundMode, RoundState
from courses.models import Offering, SeatCount, SelectionRound
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.admin import ReadOnlyAdmin, YearFilter
from partyschool.common.admin_pages import OwnPageMixin, View
from partyschool.common.downloads import download_bytes
from partyschool.common.paging import keyset_page
from trainees.exporters.assessment_annex import XLSX
from trainees.exporters.demand import build_demand, demand_file_name, suggestions
from trainees.exporters.roster import build_rosters, rosters_file_name
from trainees.forms import KeepForm, MergeForm
from trainees.models import RoundDesk
from trainees.rules.denials import refusal_reason
from trainees.selectors.board import board_of, board_topics, undecided_cadres
from trainees.selectors.demand import demand_of
from trainees.selectors.merging import merge_preview
from trainees.selectors.rosters import roster_rows
from trainees.services.keeping import keep_topic
from trainees.services.merging import merge_topic

from .places import sheets_response

STATE_COLOURS = {
    RoundState.OPEN: "success",
    RoundState.CHANGE: "success",
    RoundState.REVIEW: "warning",
    RoundState.CLOSED: "info",
}


@admin.register(RoundDesk)
class RoundDeskAdmin(OwnPageMixin, ReadOnlyAdmin):
    """Rounds that have been opened, each as the way to its board."""

    list_display = ("name", "year", "state_label", "mode", "opens_at", "closes_at", "topics", "seats_taken")
    list_filter = ("state", YearFilter)
    search_fields = ("name",)
    ordering = ("-year", "-opens_at", "-pk")
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> Any:
        own = SeatCount.objects.filter(offering__selection_round=OuterRef("pk")).order_by()
        seats = own.values("offering__selection_round")
        topics = Count("offerings", filter=~Q(offerings__state=OfferingState.PLANNED))
        return (
            super()
            .get_queryset(request)
            .exclude(state=RoundState.DRAFT)
            .annotate(
                topic_count=topics,
                seat_sum=Coalesce(Subquery(seats.annotate(n=Sum("capacity")).values("n")), 0),
                taken_sum=Coalesce(Subquery(seats.annotate(n=Sum("taken")).values("n")), 0),
            )
        )

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_label(self, found: SelectionRound) -> tuple[str, str]:
        return found.state, found.get_state_display()

    @display(description=gettext_lazy("topics"))
    def topics(self, found: Any) -> int:
        return found.topic_count

    @display(description=gettext_lazy("seats taken"))
    def seats_taken(self, found: Any) -> str:
        return f"{found.taken_sum} / {found.seat_sum}"

    # -- pages

    def own_pages(self) -> list[tuple[str, str, View]]:
        topic = "<key:round_id>/small/<key:offering_id>"
        return [
            ("<key:round_id>/undecided/", "undecided", self.undecided_view),
            ("<key:round_id>/small/", "small", self.small_view),
            (f"{topic}/keep/", "keep", self.keep_view),
            (f"{topic}/merge/", "merge", self.merge_view),
            ("<key:round_id>/demand/", "demand", self.demand_view),
            ("<key:round_id>/demand.xlsx", "demand_file", self.demand_file),
            ("<key:round_id>/rosters.xlsx", "rosters", self.rosters_file),
            ("<key:round_id>/rosters.pdf", "sheets", self.sheets_file),
        ]

    def show(self, request: HttpRequest, found: RoundDesk) -> HttpResponse:
        """The live board; for htmx the part that changes."""
        board = board_of(found, request.user)
        context = {
            "round": found,
            "board": board,
            "refusals": [(one, refusal_reason(one.code)) for one in board.refusals],
            "pace_labels": [
                timezone.localtime(minute).strftime("%H:%M") for minute, *_numbers in board.minutes
            ],
            "pace": [
                {"name": _("places given"), "data": [given for _minute, given, _refused in board.minutes]},
                {"name": _("refusals"), "data": [refused for _minute, _given, refused in board.minutes]},
            ],
            "may_act": self.has_act_permission(request),
        }
        template = "_board" if request.htmx else "board"
        return self.page(
            request, f"admin/trainees/{template}.html", title=_("Live board"), obj=found, **context
        )

    def undecided_view(self, request: HttpRequest, round_id: int) -> HttpResponse:
        """Who may pick and has not, page by page."""
        found = self.row_to_see(request, round_id)
        page = keyset_page(
            undecided_cadres(found, request.user, clock.now()),
            order=("unit__path", "name", "pk"),
            after=request.GET.get("after", ""),
            before=request.GET.get("before", ""),
        )
        return self.page(
            request,
            "admin/trainees/undecided.html",
            title=_("Not decided yet"),
            obj=found,
            round=found,
            people=page,
        )

    def small_view(self, request: HttpRequest, round_id: int) -> HttpResponse:
        """Topics below their minimum size, and what can be done about each."""
        found = self.row_to_see(request, round_id)
        return self.page(
            request,
            "admin/trainees/small_topics.html",
            title=_("Topics below their minimum"),
            obj=found,
            round=found,
            topics=[topic for topic in board_topics(found) if topic.too_small],
            may_act=self.has_act_permission(request),
        )

    def keep_view(self, request: HttpRequest, round_id: int, offering_id: int) -> HttpResponse:
        found, offering = self._topic(request, round_id, offering_id)
        form = KeepForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            with self.attempt(request):
                keep_topic(offering_id=offering.pk, reason=form.cleaned_data["reason"], by=request.user)
                return self.done(
                    request,
                    _("“%(title)s” is held as it is.") % {"title": offering.title},
                    reverse("admin:trainees_rounddesk_small", args=[found.pk]),
                )
        return self.page(
            request,
            "admin/trainees/keep_topic.html",
            title=_("Hold it all the same"),
            obj=found,
            round=found,
            offering=offering,
            form=form,
        )

    def merge_view(self, request: HttpRequest, round_id: int, offering_id: int) -> HttpResponse:
        """Choose where to, see who comes along and who cannot, confirm, and read the result."""
        found, offering = self._topic(request, round_id, offering_id)
        form = MergeForm(request.POST or request.GET or None, offering=offering)
        context: dict[str, Any] = {}
        if form.is_bound and form.is_valid():
            into = form.cleaned_data["into"]
            context["into"] = into
            if request.method == "POST":
                with self.attempt(request):
                    context["result"] = merge_topic(
                        offering_id=offering.pk,
                        into_id=into.pk,
                        reason=form.cleaned_data["reason"],
                        by=request.user,
                    )
            if "result" not in context:
                context["preview"] = merge_preview(offering, into, request.user)
        return self.page(
            request,
            "admin/trainees/merge_topic.html",
            title=_("Merge into another topic"),
            obj=found,
            round=found,
            offering=offering,
            form=form,
            **context,
        )

    def demand_view(self, request: HttpRequest, round_id: int) -> HttpResponse:
        found = self._asked(request, round_id)
        report = demand_of(found)
        return self.page(
            request,
            "admin/trainees/demand.html",
            title=_("Demand report"),
            obj=found,
            round=found,
            report=report,
            suggestions=suggestions(report),
        )

    # -- files

    def demand_file(self, request: HttpRequest, round_id: int) -> HttpResponseBase:
        found = self._asked(request, round_id)
        content = build_demand(found, demand_of(found), now=clock.now())
        return download_bytes(content, name=demand_file_name(found), content_type=XLSX)

    def rosters_file(self, request: HttpRequest, round_id: int) -> HttpResponseBase:
        """The rosters of all topics in one workbook, on record."""
        found = self.row_to_see(request, round_id)
        rosters = [(offering, roster_rows(offering, request.user)) for offering in self._held(found)]
        content = build_rosters(found.name, rosters, now=clock.now())
        number = sum(len(rows) for _offering, rows in rosters)
        record_event(action="roster.export", subject=found, by=request.user, data={"people": number})
        return download_bytes(content, name=rosters_file_name(found.name), content_type=XLSX)

    def sheets_file(self, request: HttpRequest, round_id: int) -> HttpResponseBase:
        """The sign-in sheets of all topics in one file, on record."""
        found = self.row_to_see(request, round_id)
        return sheets_response(request, found.name, self._held(found), subject=found)

    # -- rights

    def _asked(self, request: HttpRequest, round_id: int) -> Any:
        """A first-come round; what a draw was asked for stands in its own report."""
        found = self.row_to_see(request, round_id)
        if found.mode != RoundMode.FIRST_COME:
            raise Http404
        return found

    def _topic(self, request: HttpRequest, round_id: int, offering_id: int) -> tuple[Any, Offering]:
        found = self.row_to_change(request, round_id)
        topic = Offering.objects.filter(selection_round=found, pk=offering_id).select_related("seats").first()
        if topic is None:
            raise Http404
        return found, topic

    def _held(self, found: SelectionRound) -> list[Offering]:
        held = Offering.objects.filter(
            selection_round=found, state__in=[OfferingState.PUBLISHED, OfferingState.CLOSED]
        )
        return list(held.order_by("starts_on", "pk"))
