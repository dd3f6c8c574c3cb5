from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from courses.enums import OfferingKind, OfferingState
from courses.forms import CapacityForm, OfferingForm
from courses.models import Offering, SeatCount
from courses.services.offerings import publish_offering, set_capacity
from partyschool.common import clock
from partyschool.common.admin import PortalModelAdmin, YearFilter
from partyschool.common.errors import Stale

from .timetable import LessonInline

STATE_COLOURS = {
    OfferingState.PLANNED: "warning",
    OfferingState.PUBLISHED: "success",
    OfferingState.CLOSED: "info",
    OfferingState.CANCELLED: "danger",
}


@admin.register(Offering)
class OfferingAdmin(PortalModelAdmin):
    """Everything the school runs. State and seats change through the services alone, each on a page of its own."""

    form = OfferingForm
    list_display: tuple[str, ...] = (
        "title",
        "code",
        "kind",
        "state_label",
        "starts_on",
        "ends_on",
        "lead_teacher",
        "seats_taken",
    )
    list_filter = ("kind", "state", YearFilter, "signboard")
    list_select_related = ("lead_teacher", "seats")
    search_fields = ("title", "code", "lead_teacher__name")
    date_hierarchy = "starts_on"
    ordering = ("-starts_on", "-pk")
    autocomplete_fields = ("lead_teacher", "selection_round")
    inlines = (LessonInline,)
    actions_detail: tuple[str, ...] = ("publish", "change_seats")

    def get_fieldsets(self, request: HttpRequest, obj: Offering | None = None) -> Any:
        what = ("kind", "code", "title", "summary", "series", "year", "signboard")
        when = ("starts_on", "ends_on", "lead_teacher")
        who = ("selection_round", "seats_taken") if obj else ("selection_round", "capacity")
        state = ("state", "closed_at") if obj and obj.closed_at else ("state",) if obj else ()
        return (
            (None, {"fields": (*state, *what)}),
            (gettext_lazy("Time and leadership"), {"fields": when}),
            (gettext_lazy("Places"), {"fields": who}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Offering | None = None) -> tuple[str, ...]:
        shown = ("state", "seats_taken", "closed_at")
        return (*shown, "code", "kind", "year") if obj and obj.state != OfferingState.PLANNED else shown

    def has_change_permission(self, request: HttpRequest, obj: Offering | None = None) -> bool:
        finished = obj is not None and obj.state in {OfferingState.CLOSED, OfferingState.CANCELLED}
        return not finished and super().has_change_permission(request, obj)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial = super().get_changeform_initial_data(request)
        return {"kind": OfferingKind.ELECTIVE, "year": clock.school_year(), **initial}

    def save_model(self, request: HttpRequest, obj: Offering, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            SeatCount.objects.create(offering=obj, capacity=form.cleaned_data["capacity"])

    # -- columns

    @display(description=gettext_lazy("state"), ordering="state", label=STATE_COLOURS)
    def state_label(self, offering: Offering) -> tuple[str, str]:
        return offering.state, offering.get_state_display()

    @display(description=gettext_lazy("seats taken"))
    def seats_taken(self, offering: Offering) -> str:
        seats = getattr(offering, "seats", None)
        return f"{seats.taken} / {seats.capacity}" if seats else "–"

    # -- pages

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """The buttons that the offering's state leaves something to do for."""
        state = Offering.objects.filter(pk=object_id).values_list("state", flat=True).first()
        useful = self.useful_actions(OfferingState(state)) if state else set()
        offered = super().get_actions_detail(request, object_id)
        return [one for one in offered if one.method.original_function_name in useful]

    def useful_actions(self, state: OfferingState) -> set[str]:
        """Names of the actions that can succeed in `state`."""
        return {
            OfferingState.PLANNED: {"publish", "change_seats"},
            OfferingState.PUBLISHED: {"change_seats"},
        }.get(state, set())

    def has_act_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the user may do what changes an offering, whatever its state; the services judge the state."""
        return request.user.has_perm("courses.change_offering")

    @action(description=gettext_lazy("Publish"), icon="campaign", permissions=["act"])
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        offering = self.get_or_404(request, object_id)
        if request.method == "POST":
            with self.attempt(request, reread=offering):
                publish_offering(offering_id=offering.pk, by=request.user)
                return self.done(
                    request,
                    _("“%(title)s” is published.") % {"title": offering.title},
                    self.page_of(offering),
                )
        lessons = offering.lessons.filter(cancelled_at=None).count()
        return self.page(
            request,
            "admin/courses/publish.html",
            title=_("Publish"),
            obj=offering,
            offering=offering,
            possible=offering.state == OfferingState.PLANNED,
            seats=getattr(offering, "seats", None),
            lesson_count=lessons,
        )

    @action(
        description=gettext_lazy("Change seats"), icon="event_seat", url_path="seats", permissions=["act"]
    )
    def change_seats(self, request: HttpRequest, object_id: str) -> HttpResponse:
        offering = self.get_or_404(request, object_id)
        seats = SeatCount.objects.filter(offering=offering).first()
        present = seats.capacity if seats else 0
        form = CapacityForm(request.POST or None, initial={"capacity": present, "seen": present})
        if request.method == "POST" and form.is_valid():
            with self.attempt(request):
                if form.cleaned_data["seen"] != present:
                    facts = _("There are %(number)s seats now.") % {"number": present}
                    raise Stale(facts)
                set_capacity(offering_id=offering.pk, capacity=form.cleaned_data["capacity"], by=request.user)
                text = _("“%(title)s” now has %(number)s seats.")
                return self.done(
                    request,
                    text % {"title": offering.title, "number": form.cleaned_data["capacity"]},
                    self.page_of(offering),
                )
            form.data = {**form.data.dict(), "seen": present}
        return self.page(
            request,
            "admin/courses/seats.html",
            title=_("Change seats"),
            obj=offering,
            offering=offering,
            seats=seats,
            form=form,
        )
