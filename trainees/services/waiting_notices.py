"""What people in line are told, each thing once."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from partyschool.common import clock
from partyschool.notices.services.notices import send_notice
from trainees.models import WaitingEntry

TITLE_MOST = 80


def _tell(entry: WaitingEntry, *, event: str, title: str, body: str) -> None:
    """One notice to the cadre's log-in, if there is one."""
    if entry.cadre.user is not None:
        send_notice(
            recipients=[entry.cadre.user],
            event=f"waiting.{event}:{entry.pk}",
            title=title % {"title": entry.offering.title[:TITLE_MOST]},
            body=body,
            url=reverse("trainees:electives"),
        )


def tell_obtained(entry: WaitingEntry, given_up: str = "") -> None:
    """The seat is theirs; `given_up` is the title of the topic that went for it."""
    with translation.override(settings.LANGUAGE_CODE):
        body = _("A seat became free and is yours. You need do nothing more.")
        if given_up:
            body = _(
                "A seat became free and is yours. As you wished, your place in “%(title)s” was given up for it."
            ) % {"title": given_up}
        _tell(entry, event="obtained", title=_("You have a seat: %(title)s"), body=body)


def tell_offered(entry: WaitingEntry, until: datetime) -> None:
    """A seat is held for them until then."""
    with translation.override(settings.LANGUAGE_CODE):
        body = _(
            "A seat is kept for you until %(time)s. Accept or decline it by then; afterwards it goes to the next in line."
        )
        _tell(
            entry,
            event="offered",
            title=_("A seat is offered to you: %(title)s"),
            body=body % {"time": clock.in_words(until)},
        )


def tell_reminder(entry: WaitingEntry, until: datetime) -> None:
    """Half of the time to answer is over."""
    with translation.override(settings.LANGUAGE_CODE):
        body = _("You have not answered yet. The seat is kept for you until %(time)s.")
        _tell(
            entry,
            event="reminded",
            title=_("Please answer: a seat of “%(title)s” is kept for you"),
            body=body % {"time": clock.in_words(until)},
        )


def tell_expired(entry: WaitingEntry, until: datetime) -> None:
    """They did not answer in time."""
    with translation.override(settings.LANGUAGE_CODE):
        body = _(
            "You did not answer by %(time)s, so the seat went to the next in line. You may get in line again while the line is open."
        )
        _tell(
            entry,
            event="expired",
            title=_("The offered seat has lapsed: %(title)s"),
            body=body % {"time": clock.in_words(until)},
        )


def tell_skipped(entry: WaitingEntry, facts: str) -> None:
    """They were passed over for the first time, and why."""
    with translation.override(settings.LANGUAGE_CODE):
        body = _(
            "A seat was free, but it could not be given to you: %(facts)s You keep your place in line and are asked again each time."
        )
        _tell(
            entry,
            event="skipped",
            title=_("Passed over this time: %(title)s"),
            body=body % {"facts": facts},
        )


def tell_line_ended(entry: WaitingEntry, reason: str) -> None:
    """The line is over for everybody."""
    with translation.override(settings.LANGUAGE_CODE):
        _tell(entry, event="ended", title=_("Waiting list ended: %(title)s"), body=reason)
