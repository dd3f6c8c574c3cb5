"""Setting up a selection round: the round itself, its openings, and the seats of its topics.

Each of these is called inside a transaction of the caller, such as that of the page, whose form was checked under the same lock.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar

from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.enums import OfferingKind, OfferingState, RoundState
from courses.models import Offering, RoundOpening, SeatCount, SeatReservation, SelectionRound, UnitQuota
from courses.rules import seats_stand, writable_fields
from courses.signals import seats_changed
from partyschool.accounts.models import Unit
from partyschool.audit.services.events import record_event
from partyschool.common.errors import DomainError, Duplicate, InvalidInput, WrongState
from partyschool.common.locking import violated_constraint

from .offerings import put_capacity
from .rounds import locked_round

FIELDS = (
    "year",
    "name",
    "mode",
    "mechanism",
    "place_non_voters",
    "opens_at",
    "closes_at",
    "change_closes_at",
    "min_picks",
    "max_picks",
    "repeats_allowed",
    "ranks",
    "categories",
    "waiting",
    "offer_hours",
    "freeze_days",
)
"""The columns of a round that people write; state and commitments move by services of their own."""

# What the database refuses, in words.
_REFUSALS: dict[str, tuple[type[DomainError], Any]] = {
    "courses_selectionround_name_uq": (Duplicate, gettext_lazy("Another round of the year has this name.")),
    "courses_selectionround_commitments_tg": (
        WrongState,
        gettext_lazy(
            "A draw keeps what it has announced: its mode, its mechanism and what becomes of those who ranked nothing."
        ),
    ),
    "courses_seatcount_taken_ck": (InvalidInput, gettext_lazy("More people have a seat than that.")),
    "courses_seatcount_unreserved_ck": (
        InvalidInput,
        gettext_lazy("Only seats that nobody has taken can be reserved."),
    ),
    "courses_seatcount_reserved_ck": (InvalidInput, gettext_lazy("More seats are reserved than there are.")),
    "courses_seatreservation_taken_ck": (
        InvalidInput,
        gettext_lazy("More of the reserved seats are taken than that."),
    ),
    "courses_seatreservation_name_uq": (
        InvalidInput,
        gettext_lazy("A topic has two reservations of the same name."),
    ),
    "courses_seatreservation_seats_tg": (InvalidInput, gettext_lazy("The topic has no seats to reserve.")),
    "courses_unitquota_early_tg": (
        WrongState,
        gettext_lazy("Unit quotas come and go only while no seat of the topic is taken."),
    ),
    "courses_unitquota_taken_ck": (
        InvalidInput,
        gettext_lazy("More people of the unit have a seat than that."),
    ),
    "courses_unitquota_unit_uq": (InvalidInput, gettext_lazy("A topic has two quotas for the same unit.")),
}


@contextmanager
def _words_for_refusals() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except ProtectedError as error:
        raise WrongState(
            _("Somebody has had one of these seats; the record of it keeps the row."),
            remedy=_("Set the number of seats instead of striking the row out."),
        ) from error
    except IntegrityError as error:
        if found := _REFUSALS.get(violated_constraint(error)):
            kind, words = found
            raise kind(words) from error
        raise


def lock_setup(round_id: int) -> SelectionRound:
    """The round with the seat rows of its topics, locked: what is read now still holds when it is written.

    Raises `NotFound`. Concurrency: as `locked_round`, then the seat rows by offering; held until the caller's transaction ends.
    """
    found = locked_round(round_id)
    seats = SeatCount.objects.filter(offering__selection_round=found)
    list(seats.order_by("offering_id").select_for_update(no_key=True, of=("self",)).values_list("pk"))
    return found


# -- the round


def save_round(
    *,
    found: SelectionRound,
    units: Collection[Unit] | None,
    topics: Collection[Offering] | None,
    by: Any,
    now: datetime | None = None,
) -> SelectionRound:
    """Store a round as it stands in `found`, with the units it is open to and its topics (None: as they are).

    Once the round is opened, only what `courses.rules.writable_fields` names may differ from what is stored, and times may only be
    put off. Raises `WrongState` for anything else, `Duplicate` (name of the year), `InvalidInput` (a topic of another round),
    `NotFound`, `Busy`. Concurrency: holds the round alone and its row until the caller's transaction ends.
    """
    with _words_for_refusals():
        before = locked_round(found.pk) if found.pk else None
        writable = writable_fields(before.mode, before.state) if before else None
        changes = {
            name: [_plain(getattr(before, name)) if before else None, _plain(getattr(found, name))]
            for name in FIELDS
            if before is None or getattr(before, name) != getattr(found, name)
        }
        if before is not None and writable is not None:
            _refuse_fixed(before, found, changes.keys() - writable)
            if units is not None or topics is not None:
                raise WrongState(_("Who may pick, and what, is fixed once the round has been opened."))
        if before is None:
            found.state = RoundState.DRAFT
            found.save()
        elif changes:
            found.save(update_fields=list(changes))
        if units is not None:
            _note(changes, "units", found.units.values_list("pk", flat=True), [unit.pk for unit in units])
            found.units.set(units)
        if topics is not None:
            _note(changes, "topics", found.offerings.values_list("pk", flat=True), [one.pk for one in topics])
            _put_topics(found, topics)
        if changes:
            record_event(
                action=f"selectionround.{'change' if before else 'add'}",
                subject=found,
                by=by,
                data={"changes": changes},
                now=now,
            )
    return found


def _refuse_fixed(before: SelectionRound, found: SelectionRound, fixed: Collection[str]) -> None:
    if fixed:
        labels = [str(_field(name).verbose_name) for name in FIELDS if name in fixed]
        raise WrongState(
            _("The round is in state “%(state)s”; this is fixed now: %(fields)s.")
            % {"state": before.get_state_display(), "fields": _("; ").join(labels)},
            remedy=_("Reload the page: it shows what can still be changed."),
        )
    if before.state == RoundState.OPEN and found.closes_at < before.closes_at:
        raise WrongState(
            _("People were told that the round closes at that time; it can only be put off."),
            remedy=_("Choose a later end, or close the round."),
        )


def _put_topics(found: SelectionRound, topics: Collection[Offering]) -> None:
    chosen = [topic.pk for topic in topics]
    fitting = Offering.objects.filter(
        models.Q(selection_round=None) | models.Q(selection_round=found),
        pk__in=chosen,
        kind__in=[OfferingKind.ELECTIVE, OfferingKind.FORUM],
    )
    if fitting.count() != len(set(chosen)):
        raise InvalidInput(_("A topic must be an elective or a forum session that is in no other round."))
    found.offerings.exclude(pk__in=chosen).update(selection_round=None)
    fitting.update(selection_round=found)


# -- openings


T = TypeVar("T", RoundOpening, SeatReservation, UnitQuota)


@dataclass(frozen=True)
class Rows(Generic[T]):
    """Rows of a table that were entered or changed, and rows that were struck out."""

    kept: Sequence[T] = ()
    gone: Sequence[T] = ()

    def __bool__(self) -> bool:
        return bool(self.kept or self.gone)


def set_openings(*, round_id: int, rows: Rows[RoundOpening], by: Any, now: datetime | None = None) -> None:
    """Let units (with all under them) in at an instant of their own.

    Raises `WrongState` once the round is opened, `InvalidInput` (not before the round closes), `NotFound`, `Busy`.
    Concurrency: as `save_round`.
    """
    if not rows:
        return
    with _words_for_refusals():
        found = locked_round(round_id)
        if found.state != RoundState.DRAFT:
            raise WrongState(_("Openings are fixed once the round has been opened: people were told them."))
        if any(row.opens_at >= found.closes_at for row in rows.kept):
            raise InvalidInput(_("Every unit must be let in before the round closes."))
        for row in rows.gone:
            row.delete()
        for row in rows.kept:
            row.selection_round = found
            row.save()
        openings = {str(row.unit_id): _plain(row.opens_at) for row in found.openings.all()}
        record_event(action="round.set_openings", subject=found, by=by, data={"openings": openings}, now=now)


# -- seats


@dataclass(frozen=True)
class SeatPlan:
    """What changes about the seats of a round's topics; capacities and least sizes by offering."""

    capacities: Mapping[int, int] = field(default_factory=dict)
    least: Mapping[int, int] = field(default_factory=dict)
    reservations: Rows[SeatReservation] = Rows()
    quotas: Rows[UnitQuota] = Rows()

    def __bool__(self) -> bool:
        return bool(self.capacities or self.least or self.reservations or self.quotas)

    def offerings(self) -> set[int]:
        """The offerings it speaks of."""
        found = {*self.capacities, *self.least}
        found |= {row.offering_id for row in (*self.reservations.kept, *self.reservations.gone)}
        return found | {row.offering_id for row in (*self.quotas.kept, *self.quotas.gone)}


def arrange_seats(*, round_id: int, plan: SeatPlan, by: Any, now: datetime | None = None) -> None:
    """Set capacity, least size, reservations and unit quotas of a round's topics, in an order in which each step is allowed.

    Raises `WrongState` (the draw is sealed, a topic closed, quotas after the first seat, a group whose seats are in use), `InvalidInput`
    (more reserved than free, fewer than taken, a topic of another round), `NotFound`, `Busy`.
    Concurrency: holds the round alone, its row and the seat rows by offering until the caller's transaction ends.
    """
    if not plan:
        return
    with _words_for_refusals():
        found = lock_setup(round_id)
        if seats_stand(found.state):
            raise WrongState(_("The draw is sealed, and its seats with it, until its result is published."))
        topics = found.offerings.in_bulk(plan.offerings())
        if topics.keys() != plan.offerings():
            raise InvalidInput(_("A row names a topic that is not in this round."))
        _refuse_finished(topics.values())
        _set_least(topics, plan.least, by, now)
        stored = SeatReservation.objects.in_bulk([row.pk for row in plan.reservations.kept if row.pk])
        more = [row for row in plan.reservations.kept if row.pk is None or row.seats > stored[row.pk].seats]
        fewer = [row for row in plan.reservations.kept if row not in more]
        # Seats are given back before they are taken away, and there before they are reserved.
        _keep(SeatReservation, Rows(fewer, plan.reservations.gone))
        for offering_id, capacity in sorted(plan.capacities.items()):
            put_capacity(offering_id=offering_id, capacity=capacity, by=by, now=now)
        _keep(SeatReservation, Rows(more))
        _keep(UnitQuota, plan.quotas)
        _record_tables(topics, plan, by, now)


def _refuse_finished(topics: Iterable[Offering]) -> None:
    for topic in topics:
        if topic.state in {OfferingState.CLOSED, OfferingState.CANCELLED}:
            raise WrongState(
                _("“%(title)s” has been closed; its seats do not change any more.") % {"title": topic.title}
            )


def _set_least(
    topics: Mapping[int, Offering], least: Mapping[int, int], by: Any, now: datetime | None
) -> None:
    for offering_id, number in least.items():
        topic = topics[offering_id]
        data = {"before": topic.least, "after": number}
        topic.least = number
        topic.save(update_fields=["least"])
        record_event(action="offering.set_least", subject=topic, by=by, data=data, now=now)


GROUP = ("unit_id", "ranks", "categories")
"""What of a reservation says whose seats they are."""


def _keep(model: type[SeatReservation] | type[UnitQuota], rows: Rows[Any]) -> None:
    stored: dict[int, Any] = model._base_manager.in_bulk([row.pk for row in rows.kept if row.pk])
    for row in rows.gone:
        row.delete()
    for row in rows.kept:
        before = stored.get(row.pk)
        if before is None:
            row.save()
            continue
        kept = ("offering_id",) if model is SeatReservation else ("offering_id", "unit_id")
        if any(getattr(before, name) != getattr(row, name) for name in kept):
            raise InvalidInput(
                _("A row keeps its topic, and a quota its unit."),
                remedy=_("Strike it out and enter a new one."),
            )
        if model is UnitQuota:
            row.save(update_fields=["most"])
            continue
        if before.taken and any(getattr(before, name) != getattr(row, name) for name in GROUP):
            raise WrongState(
                _("Seats of “%(row)s” are taken; whom they are kept for stands.") % {"row": before}
            )
        row.save(update_fields=["name", *GROUP, "seats"])


def _record_tables(topics: Mapping[int, Offering], plan: SeatPlan, by: Any, now: datetime | None) -> None:
    reserved = {row.offering_id for row in (*plan.reservations.kept, *plan.reservations.gone)}
    for offering_id in sorted(reserved):
        rows = SeatReservation.objects.filter(offering=offering_id).order_by("pk")
        kept = {row.name: row.seats for row in rows}
        record_event(
            action="offering.set_reservations",
            subject=topics[offering_id],
            by=by,
            data={"reserved": kept},
            now=now,
        )
    limited = {row.offering_id for row in (*plan.quotas.kept, *plan.quotas.gone)}
    for offering_id in sorted(limited):
        most = dict(UnitQuota.objects.filter(offering=offering_id).order_by("pk").values_list("unit", "most"))
        data = {"most": {str(unit): number for unit, number in most.items()}}
        record_event(action="offering.set_quotas", subject=topics[offering_id], by=by, data=data, now=now)
    for offering_id in sorted(reserved | limited):
        transaction.on_commit(partial(seats_changed.send_robust, sender=SeatCount, offering_id=offering_id))


def _note(changes: dict[str, Any], name: str, before: Iterable[int], after: Iterable[int]) -> None:
    """Put a list of keys into `changes` if it differs."""
    old, new = sorted(before), sorted(after)
    if old != new:
        changes[name] = [old, new]


def _field(name: str) -> models.Field:
    found = SelectionRound._meta.get_field(name)
    if not isinstance(found, models.Field):
        raise TypeError(name)
    return found


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
