"""Keyset paging: page 1,000 of two million rows costs what page 1 costs.

Pages are walked by the values of the last row seen, compared as a row `(a, b) < (x, y)`, never by OFFSET. The order must end
in a unique column. Counts are capped: "more than 1,000" is all that a reader needs.
"""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from .errors import InvalidInput

COUNT_CAP = 1000


@dataclass(frozen=True)
class Page:
    """One page. Cursors are opaque strings for `?after=` / `?before=`, or '' where there is no such page."""

    rows: list[Any]
    next_cursor: str
    previous_cursor: str
    count_label: str

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def _encode(row: Any, columns: list[str]) -> str:
    values = []
    for column in columns:
        value = row
        for part in column.split("__"):
            value = getattr(value, part)
        values.append(value)
    return base64.urlsafe_b64encode(json.dumps(values, cls=DjangoJSONEncoder).encode()).decode().rstrip("=")


def _of_column(field: Any, value: Any) -> Any:
    """`value` as the column can hold it. Raises ValueError, TypeError or ValidationError where it cannot."""
    found = field.to_python(value)
    if found is None or (isinstance(found, str) and "\0" in found):
        raise ValueError(value)
    if isinstance(found, Decimal) and not found.is_finite():
        raise ValueError(value)
    if isinstance(found, datetime) and timezone.is_naive(found):
        raise ValueError(value)
    return found


def _field_of(queryset: QuerySet, column: str) -> Any:
    """The field behind a column of the order; an annotation of that name comes before a field."""
    if column in queryset.query.annotations:
        return queryset.query.annotations[column].output_field
    model = queryset.model
    *path, name = column.split("__")
    for part in path:
        model = model._meta.get_field(part).related_model
    return model._meta.get_field(name if name != "pk" else model._meta.pk.name)


def _decode(cursor: str, queryset: QuerySet, columns: list[str]) -> tuple[Any, ...]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        cleaned = []
        for column, value in zip(columns, values, strict=True):
            cleaned.append(_of_column(_field_of(queryset, column), value))
    except (ValueError, TypeError, OverflowError, RecursionError, ValidationError) as error:
        raise InvalidInput(
            _("This page address is damaged."), remedy=_("Go back to the first page of the list.")
        ) from error
    return tuple(cleaned)


def capped_count(queryset: QuerySet) -> str:
    """How many rows, exactly up to 1,000, then «more than 1,000»: never a scan of millions."""
    found = len(queryset.order_by().values_list("pk", flat=True)[: COUNT_CAP + 1])
    if found > COUNT_CAP:
        return _("more than %(cap)s") % {"cap": number_format(COUNT_CAP, use_l10n=True)}
    return number_format(found, use_l10n=True)


def keyset_page(
    queryset: QuerySet, *, order: tuple[str, ...], size: int = 50, after: str = "", before: str = ""
) -> Page:
    """The page of `queryset` after (or before) a cursor.

    `order` names non-null columns (may span relations by `__`) or annotations, all ascending or all descending (`-`), the last one
    unique.
    Raises `InvalidInput` on a damaged cursor.
    """
    descending = order[0].startswith("-")
    columns = [name.lstrip("-") for name in order]
    backward = bool(before) and not after
    cursor = after or before
    rows = queryset.order_by(*order)
    if cursor:
        values = _decode(cursor, queryset, columns)
        lookup = TupleLessThan if descending != backward else TupleGreaterThan
        rows = rows.filter(lookup(Tuple(*(F(column) for column in columns)), values))
        if any("__" in column for column in columns):
            # No index serves a comparison over two tables; one that begins with the first column serves this.
            bound = "lte" if descending != backward else "gte"
            rows = rows.filter(**{f"{columns[0]}__{bound}": values[0]})
    if backward:
        rows = rows.reverse()
    found = list(rows[: size + 1])
    more = len(found) > size
    found = found[:size]
    if backward:
        found.reverse()
    has_next = more if not backward else True
    has_previous = bool(cursor) if not backward else more
    return Page(
        rows=found,
        next_cursor=_encode(found[-1], columns) if found and has_next else "",
        previous_cursor=_encode(found[0], columns) if found and has_previous else "",
        count_label=capped_count(queryset),
    )
