"""Expected refusals, in one vocabulary for pages, admin, imports and 409 answers.

A `DomainError` tells what was refused (`code`, `title`), the facts that led to it, what the person can do about it and,
where known, from when it may work. Services raise them; `ExpectedErrorMiddleware` shows them.
"""

from datetime import datetime
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class DomainError(Exception):
    """An expected refusal. `facts` is a finished sentence; `retry_at` an aware instant or None."""

    code: ClassVar[str] = "refused"
    title: ClassVar[Text] = _("This cannot be done")
    remedy: ClassVar[Text] = ""

    def __init__(self, facts: Text = "", *, remedy: Text = "", retry_at: datetime | None = None) -> None:
        super().__init__(str(facts))
        self.facts = facts
        self.what_to_do = remedy or self.remedy
        self.retry_at = retry_at

    def __str__(self) -> str:
        return f"{self.title}: {self.facts}" if self.facts else str(self.title)


class Denial(DomainError):
    """A place in an offering (or a similar scarce thing) is refused to this person now."""


class Full(Denial):
    code = "full"
    title = _("No seats left")
    remedy = _(
        "Choose another topic, or look again later: a seat is free again as soon as somebody gives one up."
    )


class Clash(Denial):
    code = "clash"
    title = _("Clashes with your timetable")
    remedy = _("Give up the other lesson first, or choose a topic at another time.")


class LimitReached(Denial):
    code = "limit"
    title = _("You have reached the limit")
    remedy = _("Give up one of your topics first if you would rather take this one.")


class WindowClosed(Denial):
    code = "window_closed"
    title = _("Selection is not open")
    remedy = _("Please come back when selection is open, or ask the academic affairs office.")


class NotEligible(Denial):
    code = "not_eligible"
    title = _("This topic is not open to you")
    remedy = _("Choose one of the topics that are open to your group, or ask the academic affairs office.")


class NotApproved(Denial):
    code = "not_approved"
    title = _("Not approved yet")
    remedy = _("Wait for the approval, or ask whoever has to give it.")


class Duplicate(Denial):
    code = "duplicate"
    title = _("You already have this one")
    remedy = _("Nothing more to do: your place is kept.")


class NotFound(DomainError):
    """A code, number or year that the portal does not know."""

    code = "not_found"
    title = _("Not found")
    remedy = _("Check the number or code and try again.")


class WrongState(DomainError):
    """The record has moved on (or not yet arrived) and does not allow this step now."""

    code = "wrong_state"
    title = _("This step is not possible now")
    remedy = _("Reload the page to see the present state.")


class Stale(DomainError):
    """The form was filled from an older version of the record than the one stored now."""

    code = "stale"
    title = _("Somebody changed this in the meantime")
    remedy = _("Reload the page, look at the changes, and enter yours again.")


class InvalidInput(DomainError):
    """A value breaks a rule of the record; `facts` names value and rule."""

    code = "invalid"
    title = _("The input is not valid")


class Busy(DomainError):
    """Somebody else holds the lock for longer than `lock_timeout`; nothing was changed."""

    code = "busy"
    title = _("The system is busy")
    remedy = _("Nothing was changed. Please try again in a moment.")
