"""Pages beside that of a selection round: who can choose what, and copying it to the next year."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from courses.enums import RoundMode, RoundState
from courses.models import SelectionRound
from courses.selectors.round_copies import copied_from
from courses.services.round_copies import copy_round
from partyschool.accounts.models import Unit
from partyschool.common.numbers import whole_number
from trainees.forms.rounds import LookUpForm
from trainees.models import Cadre, Enrolment
from trainees.selectors.round_preview import Grouping, preview_round, sight_of
from trainees.selectors.round_warnings import round_warnings

STEPS = {
    RoundMode.FIRST_COME: (RoundState.DRAFT, RoundState.OPEN, RoundState.CHANGE, RoundState.CLOSED),
    RoundMode.DRAW: tuple(RoundState),
}
GROUPINGS = {
    Grouping.RANK: gettext_lazy("By rank"),
    Grouping.CATEGORY: gettext_lazy("By category"),
    Grouping.UNIT: gettext_lazy("By unit"),
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

    def beside_form(self, request: HttpRequest, obj: SelectionRound) -> dict[str, Any]:
        return {"round_steps": round_steps(obj), "draw_steps": self.draw_steps(request, obj)}

    def has_look_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the user may see figures of cadres beside the round."""
        return request.user.has_perm("courses.view_selectionround") and request.user.has_perm(
            "trainees.view_cadre"
        )

    @action(
        description=gettext_lazy("Who can choose what"),
        icon="preview",
        url_path="preview",
        permissions=["look"],
    )
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Topics by groups of cadres, what is doubtful, and what one cadre would find."""
        found = self.get_or_404(request, object_id)
        within = self._unit(request)
        chosen = request.GET.get("by", "")
        grouping = Grouping(chosen) if chosen in set(Grouping) else Grouping.RANK
        matrix = preview_round(
            found, request.user, grouping=Grouping.UNIT if within else grouping, within=within
        )
        cadre, form = self._looked_up(request)
        whole = matrix if within is None else preview_round(found, request.user)
        return self.page(
            request,
            "admin/trainees/round_preview.html",
            title=_("Who can choose what"),
            obj=found,
            round=found,
            matrix=matrix,
            within=within,
            groupings=[(one.value, label, one == matrix.grouping) for one, label in GROUPINGS.items()],
            warnings=round_warnings(found, fits=whole.fits),
            form=form,
            cadre=cadre,
            sights=sight_of(found, cadre) if cadre else [],
            copied=copied_from(found),
        )

    def _unit(self, request: HttpRequest) -> Unit | None:
        if "unit" not in request.GET:
            return None
        found = Unit.objects.visible_to(request.user).filter(pk=whole_number(request.GET["unit"])).first()
        if found is None:
            raise Http404
        return found

    def _looked_up(self, request: HttpRequest) -> tuple[Cadre | None, LookUpForm]:
        sent = request.GET if request.GET.get("cadre") else None
        form = LookUpForm(sent)
        cadres = Cadre.objects.visible_to(request.user).select_related("unit")
        self.search_for(form.fields["cadre"], Enrolment._meta.get_field("cadre"), cadres)
        if sent is None:
            return None, form
        if not form.is_valid():
            raise Http404
        return form.cleaned_data["cadre"], form

    @action(
        description=gettext_lazy("Copy to the next year"),
        icon="content_copy",
        url_path="copy",
        permissions=["act"],
    )
    def copy_to_next_year(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A draft of next year's round; then what is left to do for it."""
        found = self.get_or_404(request, object_id)
        if request.method == "POST":
            with self.attempt(request):
                copy = copy_round(round_id=found.pk, by=request.user)
                text = _("“%(name)s” of %(year)s is a draft. This is what needs a look before it opens.")
                return self.done(
                    request,
                    text % {"name": copy.found.name, "year": copy.found.year},
                    reverse("admin:courses_selectionround_preview", args=[copy.found.pk]),
                )
        return self.page(
            request,
            "admin/trainees/copy_round.html",
            title=_("Copy to the next year"),
            obj=found,
            round=found,
            next_year=found.year + 1,
            topics=found.offerings.order_by("starts_on", "pk"),
        )
