"""Money moves on a budget line by entries alone: commit, release, pay, reverse. What is drawn never exceeds what is approved.

The trigger on the ledger moves `LineBalance.drawn`, and its check constraint refuses an entry that would draw too much or give
back too much, whoever posts at the same moment. These services turn that refusal into `Insufficient`.
"""

import hashlib
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from budget.enums import EntryKind
from budget.models import BudgetLine, LedgerEntry, LineBalance
from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import DomainError, InvalidInput, NotFound, WrongState
from partyschool.common.ledger import reverse_entry
from partyschool.common.locking import lock_row, locking_transaction, violated_constraint

RELEASE_SOURCE = "commitment"


class Insufficient(DomainError):
    """The line has less free money than the entry would draw. `free` is what is left, in yuan."""

    code = "insufficient"
    title = gettext_lazy("Not enough money on this line")
    remedy = gettext_lazy("Draw less, release a commitment that is no longer needed, or use another line.")

    def __init__(self, *, wanted: Decimal, free: Decimal) -> None:
        super().__init__(
            _("%(wanted)s yuan wanted, %(free)s yuan free.")
            % {"wanted": f"{wanted:,.2f}", "free": f"{free:,.2f}"}
        )
        self.wanted = wanted
        self.free = free


class AlreadyPosted(WrongState):
    """This source has been posted before: nothing was posted now."""

    code = "already_posted"
    title = gettext_lazy("This has already been posted")


def commit_money(
    *,
    line_id: int,
    amount: Decimal,
    source_kind: str,
    source_ref: str,
    by: User,
    note: str = "",
    now: datetime | None = None,
) -> LedgerEntry:
    """Set `amount` yuan of a line aside for `source_kind`/`source_ref`; returns the commitment.

    Raises `InvalidInput` (not above zero), `NotFound`, `Insufficient`, `AlreadyPosted`, `Busy`.
    Concurrency: no lock of its own; the trigger updates the line's balance row, which makes rivals wait for each other, and the
    check on that row refuses the one that would overdraw.
    """
    _require_positive(amount)
    line = _line(line_id)
    entry = _new_entry(line, EntryKind.COMMITMENT, amount, source_kind, source_ref, note=note, by=by, now=now)
    with _refusals(line_id, amount), locking_transaction():
        _post(entry, by=by)
    return entry


def pay(
    *,
    line_id: int,
    amount: Decimal,
    source_kind: str,
    source_ref: str,
    by: User,
    commitment_id: int | None = None,
    note: str = "",
    now: datetime | None = None,
) -> LedgerEntry:
    """Pay `amount` yuan from a line; returns the payment.

    With `commitment_id`, as much of that commitment is released in the same transaction as the payment and the commitment have in
    common, so that money set aside is not drawn twice. Raises as `commit_money`, and `WrongState` for a commitment of another line.
    Concurrency: locks the line's balance row when a commitment is used up; otherwise as `commit_money`.
    """
    _require_positive(amount)
    line = _line(line_id)
    entry = _new_entry(line, EntryKind.PAYMENT, amount, source_kind, source_ref, note=note, by=by, now=now)
    with _refusals(line_id, amount), locking_transaction():
        if commitment_id is not None:
            lock_row(LineBalance, line_id)
            commitment = _commitment(commitment_id)
            if commitment.line_id != line_id:
                raise WrongState(_("The commitment belongs to another line."))
            used = min(amount, outstanding(commitment))
            if used:
                _post_release(commitment, used, _occasion_of(entry), note=note, by=by, now=now)
        _post(entry, by=by)
    return entry


def release(
    *,
    commitment_id: int,
    amount: Decimal,
    source_ref: str,
    by: User,
    note: str = "",
    now: datetime | None = None,
) -> LedgerEntry:
    """Give `amount` yuan of a commitment back to its line; returns the release. `source_ref` names the occasion.

    Raises `InvalidInput`, `NotFound`, `WrongState` (more than is outstanding), `AlreadyPosted`, `Busy`.
    Concurrency: locks the line's balance row, then reads what is outstanding: two releases cannot give the same money back.
    """
    _require_positive(amount)
    commitment = _commitment(commitment_id)
    with _refusals(commitment.line_id, amount), locking_transaction():
        lock_row(LineBalance, commitment.line_id)
        left = outstanding(commitment)
        if amount > left:
            raise WrongState(
                _("Only %(left)s yuan of this commitment are outstanding.") % {"left": f"{left:,.2f}"},
                remedy=_("Release no more than is outstanding."),
            )
        return _post_release(commitment, amount, source_ref, note=note, by=by, now=now)


def reverse(*, entry_id: int, reason: str, by: User, now: datetime | None = None) -> LedgerEntry:
    """Take an entry back as a whole by a new one that names it; returns the reversal.

    Raises `InvalidInput` (no reason), `NotFound`, `AlreadyReversed`, `Insufficient` (a release whose money is in use again),
    `WrongState` (a commitment of which a part has been released), `Busy`.
    Concurrency: locks the line's balance row; the unique `reverses` column decides between rivals.
    """
    if not reason.strip():
        raise InvalidInput(_("State the reason of the reversal."))
    entry = LedgerEntry.objects.filter(pk=entry_id).first()
    if entry is None:
        raise NotFound(_("Ledger entry %(id)s does not exist.") % {"id": entry_id})
    with _refusals(entry.line_id, -entry.amount), locking_transaction():
        lock_row(LineBalance, entry.line_id)
        if entry.kind == EntryKind.COMMITMENT and entry.reverses_id is None and _released(entry):
            raise WrongState(
                _("Part of this commitment has been released or paid."),
                remedy=_("Release the rest of the commitment instead."),
            )
        reversal = reverse_entry(entry, by=by, reason=reason.strip(), now=now or clock.now())
        record_event(
            action="budget.reverse",
            subject=reversal,
            by=by,
            data={"reverses": entry.pk, "amount": str(reversal.amount)},
            now=reversal.posted_at,
        )
    return reversal


def outstanding(commitment: LedgerEntry) -> Decimal:
    """What of a commitment is still set aside, in yuan; zero once it is reversed."""
    if LedgerEntry.objects.filter(reverses=commitment).exists():
        return Decimal(0)
    return commitment.amount - _released(commitment)


def _released(commitment: LedgerEntry) -> Decimal:
    """What has been given back of a commitment, reversals of releases taken off, in yuan."""
    releases = LedgerEntry.objects.filter(
        line=commitment.line_id,
        kind=EntryKind.RELEASE,
        source_kind=RELEASE_SOURCE,
        source_ref__startswith=f"{commitment.pk}:",
    )
    return -(releases.aggregate(total=models.Sum("amount"))["total"] or Decimal(0))


def _line(line_id: int) -> BudgetLine:
    line = BudgetLine.objects.filter(pk=line_id).first()
    if line is None:
        raise NotFound(_("Budget line %(id)s does not exist.") % {"id": line_id})
    return line


def _commitment(commitment_id: int) -> LedgerEntry:
    entry = (
        LedgerEntry.objects.select_related("line")
        .filter(pk=commitment_id, kind=EntryKind.COMMITMENT, reverses=None)
        .first()
    )
    if entry is None:
        raise NotFound(_("Commitment %(id)s does not exist.") % {"id": commitment_id})
    return entry


def _require_positive(amount: Decimal) -> None:
    if amount <= 0 or amount != round(amount, 2):
        raise InvalidInput(_("The amount must be above zero, in yuan and whole fen."))


def _new_entry(
    line: BudgetLine,
    kind: str,
    amount: Decimal,
    source_kind: str,
    source_ref: str,
    *,
    note: str,
    by: User,
    now: datetime | None,
) -> LedgerEntry:
    return LedgerEntry(
        line=line,
        year=line.year,
        kind=kind,
        amount=amount,
        source_kind=source_kind,
        source_ref=source_ref,
        note=note,
        posted_by=by,
        posted_at=now or clock.now(),
    )


def _post(entry: LedgerEntry, *, by: User) -> None:
    entry.save(force_insert=True)
    record_event(
        action=f"budget.{entry.kind}",
        subject=entry,
        by=by,
        data={
            "line": entry.line_id,
            "amount": str(entry.amount),
            "source": f"{entry.source_kind} {entry.source_ref}",
        },
        now=entry.posted_at,
    )


def _post_release(
    commitment: LedgerEntry, amount: Decimal, occasion: str, *, note: str, by: User, now: datetime | None
) -> LedgerEntry:
    entry = _new_entry(
        commitment.line,
        EntryKind.RELEASE,
        -amount,
        RELEASE_SOURCE,
        f"{commitment.pk}:{occasion}",
        note=note,
        by=by,
        now=now,
    )
    _post(entry, by=by)
    return entry


def _occasion_of(payment: LedgerEntry) -> str:
    """A short name for the payment that uses up a commitment: its source may be as long as the column."""
    return hashlib.sha256(f"{payment.source_kind} {payment.source_ref}".encode()).hexdigest()[:32]


class _refusals:  # noqa: N801 -- reads as a block: `with _refusals(...)`
    """Turns what the database refuses into the errors of this module; the balance is read after the refusal."""

    def __init__(self, line_id: int, wanted: Decimal) -> None:
        self.line_id = line_id
        self.wanted = wanted

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if not isinstance(error, IntegrityError):
            return
        rule = violated_constraint(error)
        if rule == "budget_linebalance_drawn_ck":
            balance = LineBalance.objects.get(pk=self.line_id)
            raise Insufficient(wanted=self.wanted, free=balance.approved - balance.drawn) from error
        if rule == "budget_ledgerentry_source_uq":
            raise AlreadyPosted from error
