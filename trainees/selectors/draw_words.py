"""Draws in words: how each mechanism works, and what the codes of its reasons mean."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from courses.enums import Mechanism

HOW: dict[str, Any] = {
    Mechanism.RANDOM_SERIAL: _(
        "The secret number puts everybody into a random order; one after the other is then given the best wishes that are left. "
        "When you rank makes no difference. Put first what you want most: placing it lower never helps."
    ),
    Mechanism.BY_TIME: _(
        "Whoever ranked earlier comes first and is given the best wishes that are left; changing the ranking counts as ranking anew. "
        "Put first what you want most: placing it lower never helps."
    ),
    Mechanism.BEST_TOTAL: _(
        "The places are given so that all together get as high wishes as possible; among equally good ways the secret number decides. "
        "When you rank makes no difference."
    ),
}
# Denials that a draw finds, as those who are passed over read them.
_DENIALS: dict[str, Any] = {
    "clash": _("It is held at the same time as another lesson of yours."),
    "repeat": _("You attended this topic in an earlier year."),
    "duplicate": _("You had a place in it already."),
    "not_eligible": _("The round was not open to you."),
    "limit": _("You had as many topics as the round allows already."),
    "quota": _("Your unit had as many seats of it as it may."),
    "full": _("Its last seat had gone."),
    "closed": _("The topic was closed or cancelled."),
}
# What `trainees.services.publication` adds: a topic that was drawn and could not be given any more.
LEFT_OUT = "left_out"


def reason_text(reason: Mapping[str, Any], titles: Mapping[int, str]) -> str:
    """One reason of a `DrawPlace` (`trainees.rules.drawing.outcome.Why`, or a topic left out later) as a sentence."""
    most = reason.get("most", 0)
    why = _DENIALS.get(reason.get("denial", ""), reason.get("denial", ""))
    match reason["code"]:
        case "got":
            text = gettext("A seat was free when it was your turn.")
        case "full":
            text = _full(reason)
        case "clash":
            text = gettext("It is held at the same time as “%(other)s”, which you were given.") % {
                "other": titles.get(reason["other"], "")
            }
        case "limit":
            text = ngettext(
                "You had %(most)s topic already, as many as the draw gives you.",
                "You had %(most)s topics already, as many as the draw gives you.",
                most,
            ) % {"most": most}
        case "quota":
            text = ngettext(
                "Your unit may have %(most)s seat of it, and it was given.",
                "Your unit may have %(most)s seats of it, and they were given.",
                most,
            ) % {"most": most}
        case "barred":
            text = str(why)
        case _:
            text = gettext(
                "It was drawn for you, but could not be given any more when the result was published. %(why)s"
            ) % {"why": why}
    return text


def _full(reason: Mapping[str, Any]) -> str:
    given = ngettext("%(seats)s seat had been given", "%(seats)s seats had been given", reason["given"]) % {
        "seats": reason["given"]
    }
    if reason.get("last"):
        given = gettext("%(given)s, the last one to place %(last)s in the order") % {
            "given": given,
            "last": reason["last"],
        }
    if kept := reason.get("kept"):
        return ngettext(
            "%(given)s, and the last %(kept)s is kept for other groups.",
            "%(given)s, and the last %(kept)s are kept for other groups.",
            kept,
        ) % {"given": given, "kept": kept}
    return gettext("%(given)s: none was left.") % {"given": given}
