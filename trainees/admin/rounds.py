"""Selection rounds. They belong to the floor of courses, but ranks and categories are known on this one."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from courses.enums import RoundState
from courses.models import Offering, SelectionRound
from courses.services.rounds import close_round, open_round
from partyschool.common import clock
from partyschool.common.admin import PortalModelAdmin, ReadOnlyInline, YearFilter
from partyschool.common.errors import DomainError, Stale
from trainees.enums import CadreCategory, Rank
from trainees.forms import SelectionRoundForm

STATE_COLOURS = {RoundState.DRAFT: "warning", RoundState.OPEN: "success", RoundState.CLOSED: "info"}


class TopicInline(ReadOnlyInline):
    """The round's topics and how full they are."""

    model = Offering
    verbose_name_plural = gettext_lazy("topics of the round")
    fields = ("title", "starts_on", "lead_teacher", "state", "seats_taken")
    readonly_fields = ("seats_taken",)
    ordering = ("starts_on", "pk")
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("seats", "lead_teacher")

    @display(description=gettext_lazy("seats taken"))
    def seats_taken(self, offering: Offering) -> str:
        seats = getattr(offering, "seats", None)
        return f"{seats.taken} / {seats.capacity}" if seats else "–"


@admin.register(SelectionRound)
class SelectionRoundAdmin(PortalModelAdmin):
    form = SelectionRoundForm
    list_display = ("name", "year", "state_label", "mode", "opens_at", "closes_at", "max_picks")
    list_filter = ("state", YearFilter)
    search_fields = ("name",)
    ordering = ("-year", "-opens_at", "-pk")
    autocomplete_fields = ("units",)
    actions_detail = ("open_the_round", "close_the_round")
    inlines = (TopicInline,)

    def get_fieldsets(self, request: HttpRequest, obj: SelectionRound | None = None) -> Any:
        state = ("state",) if obj else ()
        draft = self._open_to_change(request, obj) and (obj is None or obj.state == RoundState.DRAFT)
        who = ("ranks", "categories", "units") if draft else ("rank_names", "category_names", "unit_names")
        topics = ((gettext_lazy("Topics of the round"), {"fields": ("offerings",)}),) if draft else ()
        return (
            (None, {"fields": (*state, "year", "name", "mode", "opens_at", "closes_at", "max_picks")}),
            (gettext_lazy("Who may pick"), {"fields": who}),
            *topics,
        )

    def _open_to_change(self, request: HttpRequest, obj: SelectionRound | None) -> bool:
        return self.has_change_permission(request, obj) if obj else self.has_add_permission(request)

    def get_readonly_fields(self, request: HttpRequest, obj: SelectionRound | None = None) -> tuple[str, ...]:
        names = ("state", "rank_names", "category_names", "unit_names")
        if obj is None or obj.state == RoundState.DRAFT:
            return names
        return (
            *names,
            "year",
            "mode",
            "opens_at",
            "max_picks",
            *(() if obj.state == RoundState.OPEN else ("name",)),
        )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"year": clock.school_year(), **super().get_changeform_initial_data(request)}

    def get_inlines(self, request: HttpRequest, obj: SelectionRound | None = None) -> Any:
        return self.inlines if obj and obj.state != RoundState.DRAFT else ()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "offerings" in form.cleaned_data:
            chosen = form.cleaned_data["offerings"]
            Offering.objects.filter(selection_round=form.instance).exclude(pk__in=chosen).update(
                selection_round=None
            )
            Offering.objects.filter(pk__in=chosen).update(selection_round=form.instance)

    @display(description=gettext_lazy("state"), ordering="state", label=STATE_COLOURS)
    def state_label(self, found: SelectionRound) -> tuple[str, str]:
        return found.state, found.get_state_display()

    @display(description=gettext_lazy("open to ranks"))
    def rank_names(self, found: SelectionRound) -> str:
        return "、".join(str(Rank(code).label) for code in found.ranks) or _("all")

    @display(description=gettext_lazy("open to categories"))
    def category_names(self, found: SelectionRound) -> str:
        return "、".join(str(CadreCategory(code).label) for code in found.categories) or _("all")

    @display(description=gettext_lazy("open to units"))
    def unit_names(self, found: SelectionRound) -> str:
        return "、".join(unit.name for unit in found.units.order_by("path")) or _("all")

    # -- opening and closing

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Opening for a round that is not open, closing for one that is."""
        is_open = SelectionRound.objects.filter(pk=object_id, state=RoundState.OPEN).exists()
        useful = "close_the_round" if is_open else "open_the_round"
        offered = super().get_actions_detail(request, object_id)
        return [one for one in offered if one.method.original_function_name == useful]

    def has_act_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("courses.change_selectionround")

    @action(
        description=gettext_lazy("Open the round"), icon="lock_open", url_path="open", permissions=["act"]
    )
    def open_the_round(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._move(request, object_id, opening=True)

    @action(description=gettext_lazy("Close the round"), icon="lock", url_path="close", permissions=["act"])
    def close_the_round(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._move(request, object_id, opening=False)

    def _move(self, request: HttpRequest, object_id: str, *, opening: bool) -> HttpResponse:
        found = self.get_or_404(request, object_id)
        status = 200
        if request.method == "POST":
            try:
                if request.POST.get("seen") != found.state:
                    facts = _("The round is in state “%(state)s” now.") % {"state": found.get_state_display()}
                    raise Stale(facts)
                if opening:
                    open_round(round_id=found.pk, by=request.user)
                else:
                    close_round(round_id=found.pk, by=request.user)
            except DomainError as error:
                self.refuse(request, error)
                status = 409
                found.refresh_from_db()
            else:
                done = _("The round “%(name)s” is open.") if opening else _("The round “%(name)s” is closed.")
                messages.success(request, done % {"name": found.name})
                return HttpResponseRedirect(reverse("admin:courses_selectionround_change", args=[found.pk]))
        topics = (
            Offering.objects.filter(selection_round=found).select_related("seats").order_by("starts_on", "pk")
        )
        return self.page(
            request,
            "admin/trainees/move_round.html",
            title=_("Open the round") if opening else _("Close the round"),
            obj=found,
            status=status,
            round=found,
            opening=opening,
            possible=(found.state != RoundState.OPEN) if opening else (found.state == RoundState.OPEN),
            topics=topics,
        )
