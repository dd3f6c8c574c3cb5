"""Rows of the rules with their days: what held keeps its days, what is new begins on its own."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from partyschool.common import clock
from partyschool.common.errors import InvalidInput
from trainees.models.dated import valid_on


class InvalidFigure(InvalidInput):
    """The row cannot begin or end like this: in the past, without a source, or below nothing."""

    code = "invalid_figure"


@dataclass(frozen=True)
class Begun:
    """A row that begins, and the one that held on its day until now (the same one, put right, where that had not begun)."""

    row: Any
    was: Any


def lock_rows(rows: QuerySet[Any]) -> None:
    """Lock all rows of a key, in the order of keys. What is to be decided by is read behind it."""
    list(rows.select_for_update(no_key=True).order_by("pk"))


def begin_row(rows: QuerySet[Any], *, key: dict[str, Any], values: dict[str, Any], now: Any) -> Begun:
    """Let `values` (with `valid_from` and `source`) hold for `key` from their day on; `rows` are all rows of that key.

    The row that holds on that day ends the day before; a row that begins later keeps its begin, and the new one ends before it. A
    row that begins on that very day and has not begun yet is put right instead. The past is not changed. Raises `InvalidFigure`.
    Concurrency: locks the rows, then reads them, inside the caller's transaction, so that two changes follow each other; that rows
    never overlap (exclusion constraint) and that a begun one stands (trigger) holds on any path.
    """
    begins: date = values["valid_from"]
    values = {**values, "source": values["source"].strip()}
    if not values["source"]:
        raise InvalidFigure(_("Name the document that it comes from."))
    if begins < clock.school_date(now):
        raise InvalidFigure(_("What held until today stays: a figure begins today or later."))
    lock_rows(rows)
    before = rows.filter(valid_on(begins)).first()
    if before and before.valid_from == begins:
        if begins == clock.school_date(now):
            raise InvalidFigure(
                _("The value of today has begun today already: let another one begin tomorrow.")
            )
        was = rows.get(pk=before.pk)
        for name, value in values.items():
            setattr(before, name, value)
        before.save(update_fields=list(values))
        return Begun(before, was)
    later = rows.filter(valid_from__gt=begins).order_by("valid_from").first()
    until = later.valid_from - timedelta(days=1) if later else None
    if before:
        before.valid_until = begins - timedelta(days=1)
        before.save(update_fields=["valid_until"])
    return Begun(rows.model._base_manager.create(**key, **values, valid_until=until), before)


def end_row(row: Any, *, last_day: date, now: Any) -> None:
    """Let a locked row hold until `last_day`, today or later, with nothing in its stead. Raises `InvalidFigure`."""
    if last_day < max(clock.school_date(now), row.valid_from):
        raise InvalidFigure(_("It ends today or later, and not before it begins."))
    if row.valid_until is not None and row.valid_until < last_day:
        raise InvalidFigure(_("It ends earlier already."))
    row.valid_until = last_day
    row.save(update_fields=["valid_until"])
