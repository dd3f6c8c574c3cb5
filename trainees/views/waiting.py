"""Waiting for a seat: getting in line and leaving it, answering an offered seat, swapping."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.common.errors import InvalidInput
from partyschool.common.numbers import whole_number
from trainees.selectors.electives import topic_for
from trainees.services.offers import accept_offer, decline_offer
from trainees.services.swapping import swap_topics
from trainees.services.waiting import join_waiting_list, leave_waiting_list

from .electives import lead_back


def _done(request: HttpRequest, words: str, deed: Callable[..., Any], **arguments: Any) -> HttpResponse:
    """Do it, say so, and go back to the list; a refusal becomes the page or fragment that explains it."""
    lead_back(request)
    deed(by=request.user, **arguments)
    messages.success(request, words)
    return HttpResponseRedirect(reverse("trainees:electives"), status=303)


def _named_topic(request: HttpRequest, field: str) -> int | None:
    """The offering that the form names, or None where it names none (0: the reader chose to give nothing up).

    Raises `InvalidInput` for what is no number.
    """
    entered = request.POST.get(field, "")
    if entered in {"", "0"}:
        return None
    number = whole_number(entered)
    if number is None:
        raise InvalidInput(
            _("The form names a topic that is none."), remedy=_("Reload the page and try again.")
        )
    return number


@policy(Role.TRAINEE)
@require_POST
def join(request: HttpRequest, offering_id: int) -> HttpResponse:
    """Get in line; with `gives_up` as a wish to swap."""
    lead_back(request)
    gives_up = _named_topic(request, "gives_up")
    words = _("You are in line. You will get a notice as soon as a seat is yours or offered to you.")
    return _done(request, words, join_waiting_list, offering_id=offering_id, gives_up=gives_up)


@policy(Role.TRAINEE)
@require_POST
def leave(request: HttpRequest, offering_id: int) -> HttpResponse:
    """Leave the line."""
    return _done(request, _("You left the line."), leave_waiting_list, offering_id=offering_id)


@policy(Role.TRAINEE)
@require_POST
def accept(request: HttpRequest, offering_id: int) -> HttpResponse:
    """Take the seat that is kept for the reader."""
    words = _("The seat is yours. Your place is kept.")
    return _done(request, words, accept_offer, offering_id=offering_id)


@policy(Role.TRAINEE)
@require_POST
def decline(request: HttpRequest, offering_id: int) -> HttpResponse:
    """Give the offered seat back."""
    words = _("You declined the seat. It goes to the next in line.")
    return _done(request, words, decline_offer, offering_id=offering_id)


@policy(Role.TRAINEE)
@require_POST
def swap(request: HttpRequest, offering_id: int) -> HttpResponse:
    """Take this topic for another one, all or nothing."""
    lead_back(request)
    old = _named_topic(request, "gives_up")
    if old is None:
        topic_for(request.user, offering_id)  # that there is no such topic is told first
        raise InvalidInput(_("Say which topic you give up."))
    words = _("You have swapped the topics. Your new place is kept.")
    return _done(request, words, swap_topics, offering_id=offering_id, give_up_offering_id=old)
