"""What units, organisation departments and the called themselves are told of an assignment, each thing once."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partyschool.accounts.enums import Role
from partyschool.accounts.models import Unit
from partyschool.common import clock
from partyschool.notices.services.notices import send_notice
from trainees.enums import NominationState
from trainees.models import Assignment, AssignmentQuota, Deferral, Nomination
from trainees.selectors.assignments_access import holders

TITLE_MOST = 80


def _page(assignment: Assignment) -> str:
    return reverse("trainees:assignment", args=[assignment.pk])


def _title(assignment: Assignment) -> str:
    return assignment.offering.title[:TITLE_MOST]


def _send(people: Iterable[Any], event: str, title: str, body: str, url: str) -> int:
    return send_notice(recipients=people, event=event, title=title, body=body, url=url)


def tell_issued(assignment: Assignment, quotas: Iterable[AssignmentQuota]) -> None:
    """The officers of every unit with a quota learn how many to send, and until when."""
    with translation.override(settings.LANGUAGE_CODE):
        for quota in quotas:
            body = ngettext(
                "%(unit)s sends %(seats)s person. Please nominate until %(time)s.",
                "%(unit)s sends %(seats)s people. Please nominate until %(time)s.",
                quota.seats,
            ) % {"unit": quota.unit, "seats": quota.seats, "time": clock.in_words(assignment.nominate_by)}
            _send(
                holders(Role.OFFICER, quota.unit),
                f"assignment.issue:{quota.pk}:{quota.seats}",
                _("Please nominate: %(title)s") % {"title": _title(assignment)},
                body,
                _page(assignment),
            )


def tell_deadlines(assignment: Assignment, units: Iterable[Unit]) -> None:
    """The officers learn of new dates."""
    with translation.override(settings.LANGUAGE_CODE):
        body = _("Nominations until %(nominate)s, substitutes until %(substitutes)s.") % {
            "nominate": clock.in_words(assignment.nominate_by),
            "substitutes": clock.in_words(assignment.substitutes_until),
        }
        event = f"assignment.dates:{assignment.pk}:{assignment.nominate_by:%Y%m%d%H%M}:{assignment.substitutes_until:%Y%m%d%H%M}"
        people = {user.pk: user for unit in units for user in holders(Role.OFFICER, unit)}
        _send(
            people.values(),
            event,
            _("New dates: %(title)s") % {"title": _title(assignment)},
            body,
            _page(assignment),
        )


def tell_ended(assignment: Assignment, units: Iterable[Unit], reason: str) -> None:
    """The officers learn that it was called off."""
    with translation.override(settings.LANGUAGE_CODE):
        people = {user.pk: user for unit in units for user in holders(Role.OFFICER, unit)}
        _send(
            people.values(),
            f"assignment.cancel:{assignment.pk}",
            _("Assignment called off: %(title)s") % {"title": _title(assignment)},
            _("Nobody need be sent any more. Reason: %(reason)s") % {"reason": reason},
            _page(assignment),
        )


def tell_confirmed(nomination: Nomination, assignment: Assignment) -> None:
    """Whoever is called learns of it; so does whoever nominated, unless it is a call by name: then the unit's officers do."""
    offering = assignment.offering
    with translation.override(settings.LANGUAGE_CODE):
        if nomination.cadre.user is not None:
            _send(
                [nomination.cadre.user],
                f"nomination.confirm:{nomination.pk}",
                _("You are called to a class: %(title)s") % {"title": _title(assignment)},
                _("From %(first)s to %(last)s. You have a place; lessons and rooms are in your timetable.")
                % {"first": offering.starts_on.isoformat(), "last": offering.ends_on.isoformat()},
                reverse("trainees:credits_offering", args=[offering.pk]),
            )
        by_name = nomination.quota_id is None
        body = (
            _("The organisation department calls %(name)s (%(unit)s) by name.")
            if by_name
            else _("The organisation department has confirmed %(name)s (%(unit)s).")
        )
        _send(
            holders(Role.OFFICER, nomination.cadre.unit) if by_name else [nomination.nominated_by],
            f"nomination.confirmed:{nomination.pk}",
            (_("Called by name: %(title)s") if by_name else _("Confirmed: %(title)s"))
            % {"title": _title(assignment)},
            body % {"name": nomination.cadre.name, "unit": nomination.cadre.unit},
            _page(assignment),
        )


def tell_returned(nomination: Nomination, assignment: Assignment) -> None:
    """Whoever nominated, and the unit's other officers, learn whom to replace and why."""
    with translation.override(settings.LANGUAGE_CODE):
        officers = holders(Role.OFFICER, nomination.quota.unit) if nomination.quota else []
        people = {user.pk: user for user in (nomination.nominated_by, *officers)}
        _send(
            people.values(),
            f"nomination.return:{nomination.pk}",
            _("Returned: %(title)s") % {"title": _title(assignment)},
            _("%(name)s was not confirmed. Reason: %(reason)s Please send somebody else.")
            % {"name": nomination.cadre.name, "reason": sentence(nomination.decision)},
            _page(assignment),
        )


def tell_released(nomination: Nomination, assignment: Assignment) -> None:
    """Whoever was called learns that the place is gone, and why."""
    if nomination.cadre.user is None:
        return
    with translation.override(settings.LANGUAGE_CODE):
        text = {
            NominationState.DEFERRED: _(
                "Your unit has sent you to a later class instead. Reason: %(reason)s"
            ),
            NominationState.REPLACED: _("Somebody else of your unit goes in your stead. Reason: %(reason)s"),
        }.get(NominationState(nomination.state), _("The call was taken back. Reason: %(reason)s"))
        _send(
            [nomination.cadre.user],
            f"nomination.end:{nomination.pk}",
            _("You do not attend: %(title)s") % {"title": _title(assignment)},
            text % {"reason": nomination.decision},
            reverse("notices:list"),
        )


def tell_deferral_asked(deferral: Deferral, nomination: Nomination, assignment: Assignment) -> None:
    """The organisation department learns that it is asked."""
    with translation.override(settings.LANGUAGE_CODE):
        _send(
            holders(Role.ORGDEPT, nomination.cadre.unit),
            f"deferral.ask:{deferral.pk}",
            _("Deferral asked for: %(title)s") % {"title": _title(assignment)},
            _("%(name)s (%(unit)s). Reason: %(reason)s")
            % {"name": nomination.cadre.name, "unit": nomination.cadre.unit, "reason": deferral.reason},
            _page(assignment),
        )


def tell_deferral_decided(
    deferral: Deferral, nomination: Nomination, assignment: Assignment, *, agreed: bool
) -> None:
    """Whoever asked learns the answer."""
    with translation.override(settings.LANGUAGE_CODE):
        title = _("Deferral agreed: %(title)s") if agreed else _("Deferral refused: %(title)s")
        body = (
            _(
                "%(name)s goes to a later class and comes first when it is filled. You may send a substitute. %(answer)s"
            )
            if agreed
            else _("%(name)s stays called. %(answer)s")
        )
        _send(
            [deferral.asked_by],
            f"deferral.decide:{deferral.pk}",
            title % {"title": _title(assignment)},
            (body % {"name": nomination.cadre.name, "answer": deferral.decision}).strip(),
            _page(assignment),
        )


def tell_missing(quota: AssignmentQuota, *, escalated: bool) -> int:
    """Officers are reminded before the deadline, the organisation department is told after it; returns how many people."""
    assignment = quota.assignment
    facts = {
        "unit": quota.unit,
        "missing": quota.seats - quota.nominated,
        "seats": quota.seats,
        "time": clock.in_words(assignment.nominate_by),
    }
    with translation.override(settings.LANGUAGE_CODE):
        if escalated:
            title = _("Not nominated in time: %(title)s")
            body = _("%(unit)s has left %(missing)s of %(seats)s places open; nominations ended on %(time)s.")
        else:
            title = _("Reminder, please nominate: %(title)s")
            body = _("%(unit)s has %(missing)s of %(seats)s places open. Nominations end on %(time)s.")
        return _send(
            holders(Role.ORGDEPT if escalated else Role.OFFICER, quota.unit),
            f"assignment.{'escalate' if escalated else 'remind'}:{quota.pk}:{assignment.nominate_by:%Y%m%d%H%M}",
            title % {"title": _title(assignment)},
            body % facts,
            _page(assignment),
        )


def sentence(text: str) -> str:
    """`text` with an end, so that another sentence can follow."""
    return (
        text
        if text.endswith((".", "!", "?", "。", "！", "？", "；"))
        else _("%(sentence)s.") % {"sentence": text}
    )
