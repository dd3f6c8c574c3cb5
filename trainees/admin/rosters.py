import io
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from courses.enums import OfferingState
from courses.models import Lesson
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.admin import YearFilter
from partyschool.common.downloads import download_response
from partyschool.common.errors import DomainError, Stale
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
class OfferingRosterAdmin(PlacesMixin, CardsMixin):
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

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        own = [
            path(
                "<key:offering_id>/roll-call/<key:lesson_id>/",
                wrap(self.roll_call_view),
                name="trainees_offeringroster_roll_call",
            ),
            path(
                "<key:offering_id>/roster.xlsx", wrap(self.export_view), name="trainees_offeringroster_export"
            ),
            path("<key:offering_id>/close/", wrap(self.close_view), name="trainees_offeringroster_close"),
        ]
        return own + self.place_urls() + self.card_urls() + super().get_urls()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The roster itself; nothing is changed by it."""
        if not self.has_view_permission(request) or request.method == "POST":
            raise PermissionDenied
        offering = self.get_or_404(request, object_id)
        return self.page(
            request,
            "admin/trainees/roster.html",
            title=_("Roster"),
            obj=offering,
            offering=offering,
            rows=roster_rows(offering, request.user),
            lessons=lesson_rows(offering),
            seats=getattr(offering, "seats", None),
            may_act=self._may_act(request) and offering.state == OfferingState.PUBLISHED,
        )

    def export_view(self, request: HttpRequest, offering_id: int) -> HttpResponseBase:
        """The roster as a workbook; the trail keeps who took how many people's data along."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        offering = self.get_or_404(request, offering_id)
        rows = roster_rows(offering, request.user)
        content = build_roster(offering, rows, now=clock.now())
        record_event(action="roster.export", subject=offering, by=request.user, data={"people": len(rows)})
        return download_response(
            io.BytesIO(content), name=roster_file_name(offering), content_type=XLSX, size=len(content)
        )

    def roll_call_view(self, request: HttpRequest, offering_id: int, lesson_id: int) -> HttpResponse:
        offering, lesson = self._lesson(request, offering_id, lesson_id)
        writes = request.method == "POST"
        if writes:
            self.require_change(request)
        roll = roll_of(lesson, request.user)
        chosen = _chosen(request, roll) if writes else {}
        if writes:
            try:
                _refuse_stale(request, roll)
                changed = mark_attendance(
                    lesson_id=lesson.pk,
                    marks=chosen,
                    reason=request.POST.get("reason", ""),
                    by=request.user,
                )
            except DomainError as error:
                self.refuse(request, error)
                roll = roll_of(lesson, request.user)
            else:
                text = _("The roll of “%(lesson)s” is saved: %(number)s marks new or changed.")
                messages.success(request, text % {"lesson": lesson.title, "number": changed})
                return HttpResponseRedirect(
                    reverse("admin:trainees_offeringroster_change", args=[offering.pk])
                )
        may_mark = (
            self._may_act(request)
            and offering.state == OfferingState.PUBLISHED
            and lesson.cancelled_at is None
        )
        return self.page(
            request,
            "admin/trainees/roll_call.html",
            title=_("Roll call"),
            obj=offering,
            status=409 if writes else 200,
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
        self.require_change(request)
        offering = self.get_or_404(request, offering_id)
        status = 200
        if request.method == "POST":
            try:
                if request.POST.get("seen") != offering.state:
                    facts = _("The state is “%(state)s” now.") % {"state": offering.get_state_display()}
                    raise Stale(facts)
                closing = close_offering(offering_id=offering.pk, by=request.user)
            except DomainError as error:
                self.refuse(request, error)
                status = 409
                offering = self.get_or_404(request, offering_id)
            else:
                messages.success(request, closing_text(offering, closing))
                return HttpResponseRedirect(
                    reverse("admin:trainees_offeringroster_change", args=[offering.pk])
                )
        preview = closing_preview(offering)
        return self.page(
            request,
            "admin/trainees/close_offering.html",
            title=_("Close the offering"),
            obj=offering,
            status=status,
            offering=offering,
            preview=preview,
            counts=[(AttendanceStatus(code).label, number) for code, number in preview.statuses.items()],
            possible=offering.state == OfferingState.PUBLISHED,
        )

    def _may_act(self, request: HttpRequest) -> bool:
        return request.user.has_perm("trainees.change_offeringroster")

    def _lesson(
        self, request: HttpRequest, offering_id: int, lesson_id: int
    ) -> tuple[OfferingRoster, Lesson]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        offering = self.get_or_404(request, offering_id)
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
