"""Pages beside that of a selection round: who can choose what, and copying it to the next year."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from courses.enums import RoundMode, RoundState
from courses.models import SelectionRound

STEPS = {
    RoundMode.FIRST_COME: (RoundState.DRAFT, RoundState.OPEN, RoundState.CHANGE, RoundState.CLOSED),
    RoundMode.DRAW: tuple(RoundState),
}


def round_steps(found: SelectionRound) -> list[tuple[str, bool, bool]]:
    """The states of the round in order: label, whether it lies behind, whether it is the present one."""
    states = STEPS[RoundMode(found.mode)]
    here = states.index(RoundState(found.state))
    return [(str(state.label), number < here, number == here) for number, state in enumerate(states)]


class RoundPages:
    """Over the admin of rounds."""

    def draw_steps(self, request: HttpRequest, found: SelectionRound) -> list[tuple[str, str]]:
        """Title and address of the pages on which a draw goes on: see `.draws`."""
        if found.mode != RoundMode.DRAW or found.state == RoundState.DRAFT:
            return []
        return [(_("Draw"), reverse("admin:trainees_selectiondraw_change", args=[found.pk]))]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        found = kwargs.get("obj")
        if found is not None:
            context["round_steps"] = round_steps(found)
            context["draw_steps"] = self.draw_steps(request, found)
        return super().render_change_form(request, context, *args, **kwargs)
