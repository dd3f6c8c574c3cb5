"""Draws: where each stands, sealing, holding, comparison of the mechanisms, publication."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from courses.enums import Mechanism, RoundMode, RoundState
from partyschool.audit.services.events import record_event
from partyschool.common.admin import ReadOnlyAdmin, YearFilter
from partyschool.common.admin_pages import OwnPageMixin, View
from partyschool.common.downloads import download_bytes
from partyschool.common.errors import Stale
from trainees.forms.draws import PublishForm
from trainees.models import DrawOutcome, SealedDraw, SelectionDraw
from trainees.selectors.draw_review import DrawReview, came_away_empty, review_of
from trainees.services.drawing import start_draw
from trainees.services.publication import publish_draw
from trainees.services.sealing import seal_round

from .round_pages import round_steps

STATE_COLOURS = {
    RoundState.OPEN: "success",
    RoundState.SEALED: "warning",
    RoundState.RUN: "info",
    RoundState.REVIEW: "warning",
    RoundState.PUBLISHED: "success",
}
EMPTY_SHOWN = 200


@admin.register(SelectionDraw)
class SelectionDrawAdmin(OwnPageMixin, ReadOnlyAdmin):
    """Draws that have been opened, each as the way to its review."""

    list_display = ("name", "year", "state_label", "mechanism", "opens_at", "closes_at")
    list_filter = ("state", YearFilter)
    search_fields = ("name",)
    ordering = ("-year", "-opens_at", "-pk")
    sortable_by = ("name", "opens_at")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(mode=RoundMode.DRAW).exclude(state=RoundState.DRAFT)

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_label(self, found: SelectionDraw) -> tuple[str, str]:
        return found.state, found.get_state_display()

    def own_pages(self) -> list[tuple[str, str, View]]:
        return [
            ("<key:draw_id>/seal/", "seal", self.seal_view),
            ("<key:draw_id>/hold/", "hold", self.hold_view),
            ("<key:draw_id>/publish/<str:mechanism>/", "publish", self.publish_view),
            ("<key:draw_id>/empty/<str:mechanism>/", "empty", self.empty_view),
            ("<key:draw_id>/sealed.json", "sealed", self.sealed_view),
            ("<key:draw_id>/<str:mechanism>.json", "outcome", self.outcome_view),
        ]

    # -- looking

    def show(self, request: HttpRequest, found: SelectionDraw) -> HttpResponse:
        """The review; nothing is changed by it."""
        review = review_of(found)
        return self.page(
            request,
            "admin/trainees/draw.html",
            title=_("Draw"),
            obj=found,
            draw=found,
            review=review,
            round_steps=round_steps(found),
            may_act=self.has_act_permission(request),
            **_charts(review),
        )

    def empty_view(self, request: HttpRequest, draw_id: int, mechanism: str) -> HttpResponse:
        """Who ranked something and would be given nothing; the trail keeps who looked."""
        found = self.row_to_see(request, draw_id)
        chosen = _mechanism(mechanism)
        cadres = came_away_empty(found, chosen, request.user)
        people = list(cadres[: EMPTY_SHOWN + 1])
        record_event(
            action="draw.view_empty",
            subject=found,
            by=request.user,
            data={"mechanism": chosen, "people": len(people)},
        )
        return self.page(
            request,
            "admin/trainees/draw_empty.html",
            title=_("Came away empty"),
            obj=found,
            draw=found,
            mechanism=chosen,
            people=people[:EMPTY_SHOWN],
            more=len(people) > EMPTY_SHOWN,
        )

    def sealed_view(self, request: HttpRequest, draw_id: int) -> HttpResponseBase:
        """The sealed rankings, byte for byte."""
        found = self.row_to_see(request, draw_id)
        sealed = SealedDraw.objects.filter(selection_round=found.pk).first()
        return self._file(request, found, "sealed", sealed)

    def outcome_view(self, request: HttpRequest, draw_id: int, mechanism: str) -> HttpResponseBase:
        """One mechanism's outcome, byte for byte."""
        found = self.row_to_see(request, draw_id)
        outcome = DrawOutcome.objects.filter(
            selection_round=found.pk, mechanism=_mechanism(mechanism)
        ).first()
        return self._file(request, found, mechanism, outcome)

    def _file(
        self, request: HttpRequest, found: SelectionDraw, part: str, stored: SealedDraw | DrawOutcome | None
    ) -> HttpResponseBase:
        if stored is None:
            raise Http404
        content = stored.text.encode()
        record_event(
            action="draw.download",
            subject=found,
            by=request.user,
            data={"part": part, "sha256": stored.sha256},
        )
        return download_bytes(content, name=f"draw-{found.pk}-{part}.json", content_type="application/json")

    # -- acting

    def seal_view(self, request: HttpRequest, draw_id: int) -> HttpResponse:
        return self._step(
            request,
            draw_id,
            lambda found: seal_round(round_id=found.pk, by=request.user),
            _("The rankings are sealed; their fingerprint is public."),
        )

    def hold_view(self, request: HttpRequest, draw_id: int) -> HttpResponse:
        return self._step(
            request,
            draw_id,
            lambda found: start_draw(round_id=found.pk, by=request.user),
            _("The draw is being held. This page shows the comparison as soon as it is done."),
        )

    def _step(
        self, request: HttpRequest, draw_id: int, deed: Callable[[SelectionDraw], Any], done: str
    ) -> HttpResponse:
        """Do one step from the review's own button; a refusal is shown above the review."""
        self.require_change(request)
        found = self.row_to_see(request, draw_id)
        if request.method == "POST":
            with self.attempt(request, reread=found):
                _refuse_stale(request, found)
                deed(found)
                return self.done(request, done, self.page_of(found))
        return self.show(request, found)

    def publish_view(self, request: HttpRequest, draw_id: int, mechanism: str) -> HttpResponse:
        """Ask what is about to be published and why, then publish."""
        self.require_change(request)
        found = self.row_to_see(request, draw_id)
        chosen = _mechanism(mechanism)
        form = PublishForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            with self.attempt(request, reread=found):
                _refuse_stale(request, found)
                publish_draw(
                    round_id=found.pk, mechanism=chosen, reason=form.cleaned_data["reason"], by=request.user
                )
                return self.done(
                    request,
                    _("The result is published. Everybody who took part is being told."),
                    self.page_of(found),
                )
        column = next(column for column in review_of(found).columns if column.mechanism == chosen)
        return self.page(
            request,
            "admin/trainees/publish_draw.html",
            title=_("Publish the result"),
            obj=found,
            draw=found,
            column=column,
            form=form,
            possible=found.state == RoundState.REVIEW and column.outcome is not None,
        )


def _mechanism(name: str) -> Mechanism:
    if name not in Mechanism.values:
        raise Http404
    return Mechanism(name)


def _refuse_stale(request: HttpRequest, found: SelectionDraw) -> None:
    if request.POST.get("seen") != found.state:
        raise Stale(_("The round is in state “%(state)s” now.") % {"state": found.get_state_display()})


def _charts(review: DrawReview) -> dict[str, Any]:
    """Demand against seats, and how many would get which of the goods, for the pictures."""
    with_figures = [column for column in review.columns if column.figures]
    return {
        "topic_labels": [row.offering.title for row in review.topics],
        "topic_series": [
            {"name": _("ranked it"), "data": [row.wanted for row in review.topics]},
            {"name": _("ranked it first"), "data": [row.first for row in review.topics]},
            {"name": _("seats to draw"), "data": [row.seats for row in review.topics]},
        ],
        "mechanism_labels": [str(column.mechanism.label) for column in with_figures],
        "mechanism_series": [
            {
                "name": _("first wish"),
                "data": [column.figures["first"] for column in with_figures if column.figures],
            },
            {
                "name": _("something, not the first wish"),
                "data": [
                    column.figures["anything"] - column.figures["first"]
                    for column in with_figures
                    if column.figures
                ],
            },
            {
                "name": _("nothing"),
                "data": [column.figures["empty"] for column in with_figures if column.figures],
            },
        ],
    }
