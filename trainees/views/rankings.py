from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.common.errors import InvalidInput
from partyschool.common.numbers import whole_number
from trainees.selectors.rankings import draw_for
from trainees.services.rankings import rank_topics

FIELD = "place-"


def _chosen(data: Mapping[str, str]) -> dict[int, int]:
    """The places that the form gives, by topic; what is no number gives none."""
    chosen = {}
    for name, value in data.items():
        if name.startswith(FIELD):
            topic, place = whole_number(name.removeprefix(FIELD)), whole_number(value)
            if topic is not None and place is not None:
                chosen[topic] = place
    return chosen


def _best_first(chosen: Mapping[int, int]) -> list[int]:
    """The topics by place; gaps close up. Raises `InvalidInput` for a place given twice."""
    doubled = sorted({place for place in chosen.values() if list(chosen.values()).count(place) > 1})
    if doubled:
        raise InvalidInput(
            _("Place %(place)s was given to more than one topic; nothing was saved.") % {"place": doubled[0]},
            remedy=_("Give each place to one topic, then save again."),
        )
    return sorted(chosen, key=lambda topic: chosen[topic])


@policy(Role.TRAINEE)
@require_POST
def rank(request: HttpRequest, draw_id: int) -> HttpResponse:
    """Save the own ranking of a draw; a place given twice comes back with what was entered."""
    request.back_url = reverse("trainees:electives")
    chosen = {} if "clear" in request.POST else _chosen(request.POST)
    try:
        order = _best_first(chosen)
    except InvalidInput as refusal:
        draw = draw_for(request.user, draw_id, tried=chosen)
        if draw is None:
            raise
        return render(request, "trainees/ranking.html", {"draw": draw, "refusal": refusal}, status=409)
    rank_topics(round_id=draw_id, offerings=order, by=request.user)
    if order:
        text = ngettext(
            "Your ranking is saved: %(number)s topic.",
            "Your ranking is saved: %(number)s topics.",
            len(order),
        )
        messages.success(request, text % {"number": len(order)})
    else:
        messages.success(request, _("Your ranking is saved: no topic is wanted."))
    return HttpResponseRedirect(f"{reverse('trainees:electives')}#draw-{draw_id}", status=303)
