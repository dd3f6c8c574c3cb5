"""Where a cadre serves: transfers are dated and begin a new posting; a wrong entry of the present posting is corrected."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.models import Unit, User
from partyschool.accounts.services.units import UnitIsClosed
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, NotFound, WrongState
from partyschool.common.locking import lock_row, locking_transaction, violated_constraint
from trainees.enums import CadreCategory, Rank
from trainees.models import Cadre, Posting

REASON_MOST = Posting._meta.get_field("reason").max_length or 0
FACTS = ("unit_id", "rank", "post", "category")


class NothingChanges(WrongState):
    """The cadre is in that unit, rank, post and category already."""

    code = "posting_unchanged"
    title = gettext_lazy("Nothing would change")
    remedy = gettext_lazy("Reload the page to see the present posting.")


class LeftTheRegister(WrongState):
    """Who has left the register is not transferred."""

    code = "left_register"
    title = gettext_lazy("This cadre has left the register")
    remedy = gettext_lazy(
        "Put the cadre back on the register first, by emptying the day of leaving on the cadre's page."
    )


class DayOutOfOrder(InvalidInput):
    """Postings follow each other, and none begins in the future."""

    code = "posting_day"
    title = gettext_lazy("This day is not possible")


@dataclass(frozen=True)
class PostingFacts:
    """What a posting says: the unit by its key, rank, post (may be empty) and category."""

    unit_id: int
    rank: str
    post: str
    category: str


def transfer_cadre(
    *, cadre_id: int, to: PostingFacts, on: date, reason: str, by: User, now: datetime | None = None
) -> Posting:
    """Begin a new posting of a cadre on the day `on`; returns it. The one before ends the day before, and stays in the history.

    Results of earlier years keep the unit and rank of their year. Raises `NotFound` (cadre or unit outside the scope of `by`),
    `LeftTheRegister`, `UnitIsClosed`, `DayOutOfOrder` (in the future, or not after the day on which the present posting began: that is
    a correction), `NothingChanges`, `InvalidInput`, `Busy`.
    Concurrency: the cadre row is locked; the unit is shared by a trigger, so that a closing waits or is seen.
    """
    now = now or clock.now()

    def check(cadre: Cadre) -> None:
        if on > clock.school_date(now):
            raise DayOutOfOrder(_("A transfer is entered on the day on which it takes effect, or later."))
        if cadre.posted_on is not None and on <= cadre.posted_on:
            raise DayOutOfOrder(
                _("The present posting began on %(day)s.") % {"day": cadre.posted_on.isoformat()},
                remedy=_("Choose a later day, or correct the present posting if it was entered wrongly."),
            )

    return _write(
        cadre_id=cadre_id, to=to, on=on, reason=reason, by=by, now=now, check=check, action="cadre.transfer"
    )


def correct_posting(
    *, cadre_id: int, to: PostingFacts, since: date, reason: str, by: User, now: datetime | None = None
) -> Posting:
    """Correct what was entered wrongly about the present posting: unit, rank, post, category, or the day on which it began.

    No new posting begins. Raises as `transfer_cadre`; `DayOutOfOrder` if the posting would begin in the future, or before the one
    before it. Concurrency: as `transfer_cadre`.
    """
    now = now or clock.now()

    def check(cadre: Cadre) -> None:
        if since > clock.school_date(now):
            raise DayOutOfOrder(_("The posting cannot begin in the future."))

    return _write(
        cadre_id=cadre_id,
        to=to,
        on=since,
        reason=reason,
        by=by,
        now=now,
        check=check,
        action="cadre.correct_posting",
    )


def _write(
    *,
    cadre_id: int,
    to: PostingFacts,
    on: date,
    reason: str,
    by: User,
    now: datetime,
    check: Any,
    action: str,
) -> Posting:
    reason = reason.strip()
    if not reason or len(reason) > REASON_MOST:
        raise InvalidInput(_("A reason of at most %(most)s characters is needed.") % {"most": REASON_MOST})
    if to.rank not in Rank.values or to.category not in CadreCategory.values:
        raise InvalidInput(_("Rank or category is not known."))
    if not Cadre.objects.visible_to(by).filter(pk=cadre_id).exists():
        raise NotFound(_("There is no such cadre within your scope."))
    unit = Unit.objects.visible_to(by).filter(pk=to.unit_id).first()
    if unit is None:
        raise NotFound(_("There is no such unit within your scope."))
    try:
        with locking_transaction():
            cadre = lock_row(Cadre, cadre_id)
            if cadre.left_on is not None and cadre.left_on <= clock.school_date(now):
                raise LeftTheRegister(cadre.left_on.isoformat())
            check(cadre)
            before = {name: getattr(cadre, name) for name in (*FACTS, "posted_on")}
            after = {name: getattr(to, name) for name in FACTS} | {"posted_on": on}
            _check_difference(before, after, action)
            # The trigger takes new facts with a later day for a new posting: a correction brings the one after the other.
            steps = (FACTS, ("posted_on",)) if action == "cadre.correct_posting" else (tuple(after),)
            for names in steps:
                for name in names:
                    setattr(cadre, name, after[name])
                cadre.save(update_fields=[name.removesuffix("_id") for name in names])
            return _note(cadre, before, after, reason=reason, by=by, now=now, action=action)
    except IntegrityError as error:
        rule = violated_constraint(error)
        if rule == "trainees_cadre_open_unit_tg":
            raise UnitIsClosed(unit.name) from error
        if rule in {"trainees_posting_order_tg", "trainees_posting_overlap_ex", "trainees_posting_dates_ck"}:
            raise DayOutOfOrder(
                _("The posting before this one would not have begun yet."),
                remedy=_("Choose a later day."),
            ) from error
        raise


def _check_difference(before: dict[str, Any], after: dict[str, Any], action: str) -> None:
    compared = FACTS if action == "cadre.transfer" else tuple(after)
    if all(before[name] == after[name] for name in compared):
        raise NothingChanges


def _note(
    cadre: Cadre,
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    reason: str,
    by: User,
    now: datetime,
    action: str,
) -> Posting:
    postings = Posting.objects.of_cadre(cadre)
    posting = postings.get(starts_on=after["posted_on"])
    postings.filter(pk=posting.pk).update(reason=reason, noted_by=by, noted_at=now)
    changes = {
        name: [_plain(before[name]), _plain(after[name])] for name in after if before[name] != after[name]
    }
    data = {"changes": changes, "reason": reason}
    record_event(action=action, subject=cadre, by=by, data=data, now=now)
    posting.refresh_from_db()
    return posting


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
