"""Selection rounds. They belong to the floor of courses, but ranks and categories are known on this one."""

from typing import Any

from django.contrib import admin
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from courses.enums import RoundMode, RoundState
from courses.models import Offering, SelectionRound
from courses.rules import ROUND_MOVES, writable_fields
from courses.services.rounds import close_round, open_change_window, open_round
from courses.services.setup import Rows, SeatPlan, arrange_seats, lock_setup, save_round, set_openings
from partyschool.common import clock
from partyschool.common.admin import PortalModelAdmin, YearFilter
from partyschool.common.errors import Busy, Stale
from partyschool.common.locking import LOCK_NOT_AVAILABLE, sqlstate
from trainees.enums import CadreCategory, Rank
from trainees.forms.rounds import ChangeWindowForm, SelectionRoundForm

from .round_pages import RoundPages
from .round_tables import OpeningInline, QuotaInline, ReservationInline, TopicInline, names_of

STATE_COLOURS = {
    RoundState.DRAFT: "warning",
    RoundState.OPEN: "success",
    RoundState.CHANGE: "success",
    RoundState.CLOSED: "info",
}
# The state to which each button leads; how a draw goes on from open is on pages of its own.
MOVES = {
    "open_the_round": RoundState.OPEN,
    "open_the_change_window": RoundState.CHANGE,
    "close_the_round": RoundState.CLOSED,
}
WORDS = {
    RoundState.OPEN: (gettext_lazy("Open the round"), gettext_lazy("The round “%(name)s” is open.")),
    RoundState.CHANGE: (
        gettext_lazy("Open the change window"),
        gettext_lazy("The change window of “%(name)s” is open."),
    ),
    RoundState.CLOSED: (gettext_lazy("Close the round"), gettext_lazy("The round “%(name)s” is closed.")),
}
SHOWN_ALWAYS = ("state", "rank_names", "category_names", "unit_names", "seed_digest", "preferences_digest")


@admin.register(SelectionRound)
class SelectionRoundAdmin(RoundPages, PortalModelAdmin):
    """One page for all of a round. Its form is checked and written under the round's own lock, by the services."""

    form = SelectionRoundForm
    records_edits = False
    list_display = ("name", "year", "state_label", "mode", "opens_at", "closes_at", "max_picks")
    list_filter = ("state", YearFilter)
    search_fields = ("name",)
    ordering = ("-year", "-opens_at", "-pk")
    autocomplete_fields = ("units",)
    actions_detail = (
        "open_the_round",
        "open_the_change_window",
        "close_the_round",
        "preview",
        "copy_to_next_year",
    )
    inlines = (OpeningInline, TopicInline, ReservationInline, QuotaInline)
    change_form_outer_before_template = "admin/trainees/_round_steps.html"

    def get_fieldsets(self, request: HttpRequest, obj: SelectionRound | None = None) -> Any:
        draft = self._open_to_change(request, obj) and (obj is None or obj.state == RoundState.DRAFT)
        who = ("ranks", "categories", "units") if draft else ("rank_names", "category_names", "unit_names")
        announced = ("seed_digest", "preferences_digest") if obj and obj.seed_hash else ()
        topics = ((gettext_lazy("Topics of the round"), {"fields": ("offerings",)}),) if draft else ()
        return (
            (None, {"fields": (*(("state",) if obj else ()), "year", "name", "mode")}),
            (
                gettext_lazy("Time"),
                {
                    "fields": ("opens_at", "closes_at", "change_closes_at"),
                    "description": gettext_lazy("All times are Beijing time (UTC+8)."),
                },
            ),
            (gettext_lazy("Picks"), {"fields": ("min_picks", "max_picks", "repeats_allowed")}),
            (
                gettext_lazy("Draw"),
                {
                    "fields": ("mechanism", "place_non_voters", *announced),
                    "description": gettext_lazy(
                        "For draws alone. From the opening on, mode, mechanism and this choice are announced and stand."
                    ),
                },
            ),
            (gettext_lazy("Waiting list"), {"fields": ("waiting", "offer_hours", "freeze_days")}),
            (gettext_lazy("Who may pick"), {"fields": who}),
            *topics,
        )

    def _open_to_change(self, request: HttpRequest, obj: SelectionRound | None) -> bool:
        return self.has_change_permission(request, obj) if obj else self.has_add_permission(request)

    def get_readonly_fields(self, request: HttpRequest, obj: SelectionRound | None = None) -> tuple[str, ...]:
        writable = writable_fields(obj.mode, obj.state) if obj else None
        if writable is None:
            return SHOWN_ALWAYS
        own = ("offerings", "ranks", "categories", "units")
        columns = [name for name in self.form._meta.fields if name not in own]
        return (*SHOWN_ALWAYS, *(name for name in columns if name not in writable))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"year": clock.school_year(), **super().get_changeform_initial_data(request)}

    def get_inlines(self, request: HttpRequest, obj: SelectionRound | None = None) -> Any:
        return self.inlines if obj else ()

    # -- writing

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        if request.method == "POST" and connection.in_atomic_block:
            found = self.get_queryset(request).filter(pk=object_id).only("pk").first()
            if found is not None:
                try:
                    # Before the form is looked at: what it is checked against stays until it is written.
                    lock_setup(found.pk)
                except OperationalError as error:
                    if sqlstate(error) == LOCK_NOT_AVAILABLE:
                        raise Busy from error
                    raise
        return super().get_object(request, object_id, from_field)

    def _create_formsets(self, request: HttpRequest, obj: Any, change: bool) -> Any:
        formsets, inlines = super()._create_formsets(request, obj, change)
        for formset in formsets:
            formset.together = {one.prefix: one for one in formsets}
        return formsets, inlines

    def save_model(self, request: HttpRequest, obj: SelectionRound, form: Any, change: bool) -> None:
        if not change:
            self._save_round(request, obj, form)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        tables = {formset.prefix: _rows(formset) for formset in formsets}
        if change:
            found, by = form.instance, request.user
            set_openings(round_id=found.pk, rows=tables["openings"], by=by)
            arrange_seats(round_id=found.pk, plan=_seat_plan(formsets, tables), by=by)
            self._save_round(request, found, form)

    def _save_round(self, request: HttpRequest, found: SelectionRound, form: Any) -> None:
        chosen = form.cleaned_data
        save_round(found=found, units=chosen.get("units"), topics=chosen.get("offerings"), by=request.user)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> Any:
        """A new round is not done yet: openings and seats follow on its page."""
        if "_addanother" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        text = _("The round “%(name)s” is a draft. Next: openings, seats, and a look at who can choose what.")
        return self.done(request, text % {"name": obj.name}, self.page_of(obj))

    # -- columns

    @display(description=gettext_lazy("state"), ordering="state", label=STATE_COLOURS)
    def state_label(self, found: SelectionRound) -> tuple[str, str]:
        return found.state, found.get_state_display()

    @display(description=gettext_lazy("open to ranks"))
    def rank_names(self, found: SelectionRound) -> str:
        return names_of(Rank, found.ranks)

    @display(description=gettext_lazy("open to categories"))
    def category_names(self, found: SelectionRound) -> str:
        return names_of(CadreCategory, found.categories)

    @display(description=gettext_lazy("open to units"))
    def unit_names(self, found: SelectionRound) -> str:
        return "、".join(unit.name for unit in found.units.order_by("path")) or _("all")

    @display(description=gettext_lazy("Fingerprint of the secret number (SHA-256)"))
    def seed_digest(self, found: SelectionRound) -> Any:
        return _digest(found.seed_hash)

    @display(description=gettext_lazy("Fingerprint of the sealed rankings (SHA-256)"))
    def preferences_digest(self, found: SelectionRound) -> Any:
        return _digest(found.preferences_hash)

    # -- moving on

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """The moves that the round's state knows, and the pages that are of use in every state."""
        found = SelectionRound.objects.filter(pk=object_id).only("mode", "state").first()
        offered = super().get_actions_detail(request, object_id)
        return [
            one
            for one in offered
            if (move := MOVES.get(one.method.original_function_name)) is None
            or (found is not None and _offers(found, move))
        ]

    @action(
        description=gettext_lazy("Open the round"), icon="lock_open", url_path="open", permissions=["act"]
    )
    def open_the_round(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._move(request, object_id, to=RoundState.OPEN)

    @action(
        description=gettext_lazy("Open the change window"),
        icon="swap_horiz",
        url_path="change-window",
        permissions=["act"],
    )
    def open_the_change_window(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._move(request, object_id, to=RoundState.CHANGE)

    @action(description=gettext_lazy("Close the round"), icon="lock", url_path="close", permissions=["act"])
    def close_the_round(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._move(request, object_id, to=RoundState.CLOSED)

    def _move(self, request: HttpRequest, object_id: str, *, to: RoundState) -> HttpResponse:
        found = self.get_or_404(request, object_id)
        asks = to == RoundState.CHANGE
        form = (
            ChangeWindowForm(request.POST or None, initial={"until": found.change_closes_at})
            if asks
            else None
        )
        title, done = WORDS[to]
        if request.method == "POST" and (form is None or form.is_valid()):
            with self.attempt(request, reread=found):
                if request.POST.get("seen") != found.state:
                    facts = _("The round is in state “%(state)s” now.") % {"state": found.get_state_display()}
                    raise Stale(facts)
                if form is not None:
                    open_change_window(round_id=found.pk, until=form.cleaned_data["until"], by=request.user)
                elif to == RoundState.OPEN:
                    open_round(round_id=found.pk, by=request.user)
                else:
                    close_round(round_id=found.pk, by=request.user)
                return self.done(request, str(done) % {"name": found.name}, self.page_of(found))
        topics = (
            Offering.objects.filter(selection_round=found).select_related("seats").order_by("starts_on", "pk")
        )
        return self.page(
            request,
            "admin/trainees/move_round.html",
            title=title,
            obj=found,
            round=found,
            to=to,
            draw=found.mode == RoundMode.DRAW,
            possible=_offers(found, to),
            form=form,
            topics=topics,
        )


def _digest(value: str) -> Any:
    return format_html('<span class="digest">{}</span>', value) if value else "–"


def _offers(found: SelectionRound, to: RoundState) -> bool:
    return to in ROUND_MOVES[RoundMode(found.mode)].get(RoundState(found.state), set())


def _rows(formset: Any) -> Rows:
    """What a valid formset enters and strikes out; nothing is written by it."""
    formset.save(commit=False)
    changed = [row for row, _names in formset.changed_objects]
    return Rows((*formset.new_objects, *changed), tuple(formset.deleted_objects))


def _seat_plan(formsets: Any, tables: dict[str, Rows]) -> SeatPlan:
    topics = next(formset for formset in formsets if formset.prefix == "offerings")
    entered = {form.instance.pk: form.cleaned_data for form in topics.initial_forms}
    changed = [(row.pk, entered[row.pk], names) for row, names in topics.changed_objects]
    return SeatPlan(
        capacities={key: values["capacity"] for key, values, names in changed if "capacity" in names},
        least={key: values["least"] for key, values, names in changed if "least" in names},
        reservations=tables["seatreservations"],
        quotas=tables["unitquotas"],
    )
