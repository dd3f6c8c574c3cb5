"""The columns of a table of cadres: what they are called, which must be there, what they may hold."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from partyschool.common.plaintext import single_line

from .words import COLUMN_WORDS, in_every_language

_ASIDE = re.compile(r"\([^)]*\)|[\s*:_]")


@dataclass(frozen=True)
class ColumnSpec:
    """One column. `needed`: the sheet must have it; `text_only`: a number in it has lost digits already."""

    field: str
    title: Any
    help: Any
    example: str
    needed: bool = False
    text_only: bool = False
    width: int = 14
    longest: int = 0


COLUMNS = (
    ColumnSpec(
        "code", _("cadre number"), _("Text. It names the person for good; leave it empty only for somebody on the register whose citizen number you give."),
        "LJ000123", needed=True, text_only=True, longest=20,
    ),
    ColumnSpec("name", pgettext_lazy("person", "name"), _("As on the identity card."), "张晓明", needed=True, width=12, longest=60),
    ColumnSpec("unit", _("unit"), _("The unit's code, or its name in full."), "U0012", needed=True, width=24),
    ColumnSpec("rank", _("rank"), _("Choose from the list."), "乡科级", needed=True),
    ColumnSpec("category", _("category"), _("Choose from the list."), "公务员", needed=True, width=18),
    ColumnSpec("post", _("post"), _("Empty: what is stored stays."), "综合科科长", width=20, longest=60),
    ColumnSpec("posted_on", _("in this post since"), _("A day. Empty: the day on which the import takes effect."), "2024-03-01"),
    ColumnSpec("term_until", _("term of office ends on"), _("A day, for people with a term of office."), "2029-02-28"),
    ColumnSpec(
        "citizen_no", _("citizen number"), _("Text, 18 characters. Empty: what is stored stays."),
        "", text_only=True, width=22,
    ),
    ColumnSpec("joined_on", _("on the register since"), _("A day. Empty for new people: the day on which the import takes effect."), "2024-03-01"),
    ColumnSpec("left_on", _("left the register on"), _("A day, for people who have left."), ""),
)  # fmt: skip
PEOPLE_SHEET = pgettext_lazy("sheet", "Cadres")
HELPING_SHEETS = (_("How to fill it in"), pgettext_lazy("sheet", "Units"))
FIELDS = tuple(column.field for column in COLUMNS)
SPECS = {column.field: column for column in COLUMNS}


def reduced(text: str) -> str:
    """A heading without what people add to it: signs, blanks, remarks in brackets, width of letters."""
    return _ASIDE.sub("", unicodedata.normalize("NFKC", single_line(text))).lower()


@lru_cache(1)
def helping_sheets() -> frozenset[str]:
    """What the sheets of the template that hold no people are called, in every language: nobody needs to be told that they were not read."""
    return frozenset(name for title in HELPING_SHEETS for name in in_every_language(title))


@lru_cache(1)
def fields_by_heading() -> dict[str, str]:
    """Every heading that is understood, reduced, with the field it names."""
    known: dict[str, str] = {}
    for column in COLUMNS:
        own = COLUMN_WORDS[column.field].split()
        for word in (*in_every_language(column.title), column.field, *own):
            known.setdefault(reduced(word), column.field)
    return known
