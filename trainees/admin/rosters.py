from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from courses.enums import OfferingState
from courses.models import Lesson
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.admin import YearFilter
from partyschool.common.admin_pages import OwnPageMixin, View
from partyschool.common.downloads import download_bytes
from partyschool.common.errors import Stale
from partyschool.common.numbers import whole_number
from trainees.enums import AttendanceStatus
from trainees.exporters.assessment_annex import XLSX
from trainees.exporters.roster import build_roster, roster_file_name
from trainees.models import OfferingRoster
from trainees.selectors.rosters import Roll, closing_preview, lesson_rows, roll_of, roster_list, roster_rows
from trainees.services.attendance import REASON_LENGTH, mark_attendance
from trainees.services.closing import OfferingClosing, close_offering

from .check_ins import CardsMixin
from .places import PlacesMixin

STATE_COLOURS = {OfferingState.PUBLISHED: "success", OfferingState.CLOSED: "info"}


@admin.register(OfferingRoster)
class OfferingRosterAdmin(OwnPageMixin, PlacesMixin, CardsMixin):
    """Who takes part: the roster, the roll of each lesson, enrolment by hand, closing."""

    list_display = ("title", "kind", "starts_on", "ends_on", "state_label", "seats_taken", "rolls_called")
    list_display_links = ("title",)
    list_filter = ("state", "kind", YearFilter)
    list_select_related = ("seats",)
    search_fields = ("title", "code")
    date_hierarchy = "starts_on"
    ordering = ("-starts_on", "-pk")
    sortable_by = ("title", "starts_on")

    def get_queryset(self, request: HttpRequest) -> Any:
        return roster_list().order_by(*self.ordering)

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_label(self, offering: OfferingRoster) -> tuple[str, str]:
        return offering.state, offering.get_state_display()

    @display(description=gettext_lazy("seats taken"))
    def seats_taken(self, offering: OfferingRoster) -> str:
        seats = getattr(offering, "seats", None)
        return f"{seats.taken} / {seats.capacity}" if seats else "–"

    @display(description=gettext_lazy("rolls called"))
    def rolls_called(self, offering: OfferingRoster) -> str:
        return f"{offering.called_count} / {offering.lesson_count}"  # type: ignore[attr-defined]  # annotated by roster_list

    # -- pages

    def own_pages(self) -> list[tuple[str, str, View]]:
        return [
            ("<key:offering_id>/roll-call/<key:lesson_id>/", "roll_call", self.roll_call_view),
            ("<key:offering_id>/roster.xlsx", "export", self.export_view),
            ("<key:offering_id>/close/", "close", self.close_view),
            *super().own_pages(),
        ]

    def show(self, request: HttpRequest, found: OfferingRoster) -> HttpResponse:
        """The roster itself; nothing is changed by it."""
        return self.page(
            request,
            "admin/trainees/roster.html",
            title=_("Roster"),
            obj=found,
            offering=found,
            rows=roster_rows(found, request.user),
            lessons=lesson_rows(found),
            seats=getattr(found, "seats", None),
            may_act=self.has_act_permission(request) and found.state == OfferingState.PUBLISHED,
        )

    def export_view(self, request: HttpRequest, offering_id: int) -> HttpResponseBase:
        """The roster as a workbook; the trail keeps who took how many people's data along."""
        offering = self.row_to_see(request, offering_id)
        rows = roster_rows(offering, request.user)
        content = build_roster(offering, rows, now=clock.now())
        record_event(action="roster.export", subject=offering, by=request.user, data={"people": len(rows)})
        return download_bytes(content, name=roster_file_name(offering), content_type=XLSX, code=offering.code)

    def roll_call_view(self, request: HttpRequest, offering_id: int, lesson_id: int) -> HttpResponse:
        offering, lesson = self._lesson(request, offering_id, lesson_id)
        writes = request.method == "POST"
        if writes:
            self.require_change(request)
        roll = roll_of(lesson, request.user)
        chosen = _chosen(request, roll) if writes else {}
        if writes:
            with self.attempt(request):
                _refuse_stale(request, roll)
                changed = mark_attendance(
                    lesson_id=lesson.pk,
                    marks=chosen,
                    reason=request.POST.get("reason", ""),
                    by=request.user,
                )
                text = _("The roll of “%(lesson)s” is saved: %(number)s marks new or changed.")
                return self.done(
                    request, text % {"lesson": lesson.title, "number": changed}, self.page_of(offering)
                )
            roll = roll_of(lesson, request.user)
        may_mark = (
            self.has_act_permission(request)
            and offering.state == OfferingState.PUBLISHED
            and lesson.cancelled_at is None
        )
        return self.page(
            request,
            "admin/trainees/roll_call.html",
            title=_("Roll call"),
            obj=offering,
            offering=offering,
            lesson=lesson,
            roll=[(row, chosen.get(row.enrolment.pk) or row.proposed) for row in roll.rows],
            over=lesson.ends_at <= clock.now(),
            reason=request.POST.get("reason", "")[:REASON_LENGTH],
            reason_length=REASON_LENGTH,
            version=roll.version,
            statuses=AttendanceStatus.choices,
            unmarked=sum(not row.status for row in roll.rows),
            may_mark=may_mark,
        )

    def close_view(self, request: HttpRequest, offering_id: int) -> HttpResponse:
        offering = self.row_to_change(request, offering_id)
        if request.method == "POST":
            with self.attempt(request, reread=offering):
                if request.POST.get("seen") != offering.state:
                    facts = _("The state is “%(state)s” now.") % {"state": offering.get_state_display()}
                    raise Stale(facts)
                closing = close_offering(offering_id=offering.pk, by=request.user)
                return self.done(request, closing_text(offering, closing), self.page_of(offering))
        preview = closing_preview(offering)
        return self.page(
            request,
            "admin/trainees/close_offering.html",
            title=_("Close the offering"),
            obj=offering,
            offering=offering,
            preview=preview,
            counts=[(AttendanceStatus(code).label, number) for code, number in preview.statuses.items()],
            possible=offering.state == OfferingState.PUBLISHED,
        )

    def _lesson(
        self, request: HttpRequest, offering_id: int, lesson_id: int
    ) -> tuple[OfferingRoster, Lesson]:
        offering = self.row_to_see(request, offering_id)
        lesson = (
            Lesson.objects.select_related("offering", "room", "teacher")
            .filter(offering=offering, pk=lesson_id)
            .first()
        )
        if lesson is None:
            raise Http404
        return offering, lesson


def _chosen(request: HttpRequest, roll: Roll) -> dict[int, str]:
    """The marks of a posted form. Names of people who are not on the roll any more are kept: the service says what became of them."""
    prefix = "mark-"
    sent = {
        name.removeprefix(prefix): value for name, value in request.POST.items() if name.startswith(prefix)
    }
    return {number: value for pk, value in sent.items() if (number := whole_number(pk)) is not None}


def _refuse_stale(request: HttpRequest, roll: Roll) -> None:
    if request.POST.get("seen") != str(roll.version):
        raise Stale(
            _("Somebody else has called this roll since you opened the page."),
            remedy=_(
                "Your choices are still below. Compare them with the marks stored now, then save again."
            ),
        )


def closing_text(offering: OfferingRoster, closing: OfferingClosing) -> str:
    """What a closing posted, as one message."""
    return _(
        "“%(title)s” is closed: %(completed)s completed, %(not_completed)s not completed; %(credits)s credits in %(entries)s entries, "
        "%(hours)s teaching hours in %(lessons)s entries."
    ) % {
        "title": offering.title,
        "completed": closing.completed,
        "not_completed": closing.not_completed,
        "credits": format(closing.credits.normalize(), "f"),
        "entries": closing.credit_entries,
        "hours": format(closing.teaching_hours.normalize(), "f"),
        "lessons": closing.teaching_entries,
    }
