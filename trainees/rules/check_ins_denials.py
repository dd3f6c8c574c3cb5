"""Why a check-in is refused, in the words of the one vocabulary."""

from django.utils.translation import gettext_lazy as _

from partyschool.common.errors import Denial, Duplicate, LimitReached, NotEligible, WindowClosed

KEEPER = _("Tell whoever keeps the roll: they can still mark you.")


class NotEnrolledHere(NotEligible):
    """The lesson is none of this person's."""

    title = _("You are not on the roll of this lesson")
    remedy = _("Look at your timetable for the right room. If you should be on the roll, tell the teacher.")


class RollShut(WindowClosed):
    """The offering does not run (any more), or the lesson is cancelled."""

    title = _("Nobody can check in to this lesson")
    remedy = _("Look at your timetable: lessons that are moved or cancelled are shown there.")


class CheckInNotOpen(WindowClosed):
    """It is too early."""

    title = _("Check-in is not open yet")
    remedy = _("Check in when it opens; the code on the screen changes until then.")


class CheckInOver(WindowClosed):
    """It is too late to be counted."""

    title = _("Check-in is over")
    remedy = KEEPER


class CodeExpired(WindowClosed):
    """The code was on the screen, but is not any more."""

    code = "code_expired"
    title = _("This code has run out")
    remedy = _("Scan the code that is on the screen now, or type the six digits under it.")


class WrongCode(Denial):
    """No lesson of this person shows these digits."""

    code = "wrong_code"
    title = _("This code is not right")
    remedy = _("Type the six digits that are on the screen now. They change every few seconds.")


class TooManyTries(LimitReached):
    """Somebody types one code after the other."""

    code = "too_many_tries"
    title = _("Too many codes have been typed")
    remedy = _("Scan the code on the screen instead, or wait a moment.")


class CheckedInAlready(Duplicate):
    """This person has been seen at this lesson, as early or earlier."""

    title = _("You have checked in already")
    remedy = _("Nothing more to do.")


class ArrivedTooLate(WindowClosed):
    """It waited for the network for longer than it may."""

    code = "arrived_late"
    title = _("It arrived too late")
    remedy = KEEPER


class BeforeContact(WindowClosed):
    """The phone was in contact with the portal after what it says was seen, so it did not wait for the network."""

    code = "before_contact"
    title = _("This time cannot be right")
    remedy = KEEPER
