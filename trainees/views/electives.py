from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.common import clock
from trainees.selectors.draws import own_places
from trainees.selectors.electives import past_picks, rounds_for, topic_for
from trainees.selectors.line_views import rounds_with_lines, topic_with_line
from trainees.selectors.rankings import draws_among
from trainees.selectors.waiting import own_standings
from trainees.services.electives import select_topic, withdraw_from_topic


def lead_back(request: HttpRequest) -> None:
    """A refusal that comes as a page leads back to the list; one that comes into the list leads nowhere."""
    if not request.htmx:
        request.back_url = reverse("trainees:electives")


@policy(Role.TRAINEE)
@require_safe
def electives(request: HttpRequest) -> HttpResponse:
    """The rounds that are open, their topics, and what the reader picked; for htmx the part that changes."""
    address = reverse("trainees:electives")
    if request.htmx and (request.htmx.current_url_abs_path or address).partition("?")[0] != address:
        return HttpResponseClientRedirect(
            address
        )  # pressed on a topic's own page, which has no list to change
    now = clock.now()
    rounds = rounds_for(request.user, now=now)
    standings = own_standings(request.user)
    picked = [one for one in rounds if not one.drawn]
    context = {
        "rounds": rounds_with_lines(picked, standings, now),
        "standings": standings,
        "draws": draws_among(rounds, request.user, now=now),
        "drawn": own_places(request.user),
        "past": past_picks(request.user, now=now),
        "now": now,
    }
    if not request.htmx:
        return render(request, "trainees/electives.html", context)
    response = render(request, "trainees/_electives.html", context)
    # The answer to a press on a card replaces the whole list, not the card's own place for a refusal.
    response["HX-Retarget"] = "#electives"
    response["HX-Reswap"] = "outerHTML"
    return response


@policy(Role.TRAINEE)
@require_safe
def topic(request: HttpRequest, offering_id: int) -> HttpResponse:
    """One elective with its lessons."""
    now = clock.now()
    found = topic_for(request.user, offering_id, now=now)
    return render(
        request,
        "trainees/electives_topic.html",
        {"topic": topic_with_line(found, own_standings(request.user), now), "now": now},
    )


@policy(Role.TRAINEE)
@require_POST
def select(request: HttpRequest, offering_id: int) -> HttpResponse:
    """Pick a topic."""
    lead_back(request)
    select_topic(offering_id=offering_id, by=request.user)
    messages.success(request, _("The topic is yours. Your place is kept."))
    return HttpResponseRedirect(reverse("trainees:electives"), status=303)


@policy(Role.TRAINEE)
@require_POST
def withdraw(request: HttpRequest, offering_id: int) -> HttpResponse:
    """Give a topic up."""
    lead_back(request)
    withdraw_from_topic(offering_id=offering_id, by=request.user)
    messages.success(request, _("You gave the topic up. The seat is free for others."))
    return HttpResponseRedirect(reverse("trainees:electives"), status=303)
