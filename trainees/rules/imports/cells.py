"""What a cell of each column means, or what is wrong with it. Nothing is guessed or repaired.

Cells are judged column by column, some hundred at a time: of most columns a file has few different cells, and each is judged once.
"""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from partyschool.common.sheets.cells import (
    compact,
    day,
    is_date,
    is_scientific,
    person_name,
    plain,
    shown,
    without_blanks,
)
from trainees.enums import CadreCategory, Rank

from .citizen_numbers import citizen_fault
from .columns import FIELDS, SPECS, reduced
from .words import CATEGORY_WORDS, RANK_WORDS, in_every_language

FIRST_DAY = date(1940, 1, 1)
YEARS_AHEAD = 20
DAYS = ("posted_on", "term_until", "joined_on", "left_on")
CODE_MOST = SPECS["code"].longest


class Wrong:
    """In the place of a value: the code of what is wrong with the cell, and the facts that fill its words. It counts as empty."""

    __slots__ = ("code", "facts")

    def __init__(self, code: str, **facts: Any) -> None:
        self.code, self.facts = code, facts

    def __bool__(self) -> bool:
        return False


class _Known(dict[Any, Any]):
    """Cells of one column that mean something, with what they mean; a cell that is looked up for the first time is judged."""

    def __init__(self, judge: Callable[[Any], Any]) -> None:
        self.judge = judge

    def __missing__(self, cell: Any) -> Any:
        found = self.judge(cell)
        # True, 1 and 1.0 would be one key; and whatever is wrong is told anew each time, so that it is counted.
        if isinstance(cell, str) and not isinstance(found, Wrong):
            self[cell] = found
        return found


class CellJudge:
    """Judges the cells of one sheet: `text` where the file knows no numbers. `wrong` counts the cells that mean nothing."""

    def __init__(self, *, today: date, text: bool) -> None:
        self.text, self.wrong = text, 0
        self.latest = dict.fromkeys(DAYS, date(today.year + 1, 12, 31))
        self.latest["posted_on"] = today
        self.latest["term_until"] = date(today.year + YEARS_AHEAD, 12, 31)
        # Cadre numbers and citizen numbers differ from row to row: there is nothing to remember.
        self.judges: dict[str, Callable[[Any], Any]] = {"code": self._code, "citizen_no": self._citizen_no}
        repeated: dict[str, Callable[[Any], Any]] = {
            "name": partial(self._text, "name", person_name),
            "unit": self._unit,
            "rank": partial(self._choice, "rank"),
            "category": partial(self._choice, "category"),
            "post": partial(self._text, "post", plain),
            **{name: partial(self._day, name) for name in DAYS},
        }
        self.judges |= {name: _Known(judge).__getitem__ for name, judge in repeated.items()}

    def columns(self, columns: list[tuple[Any, ...]]) -> list[list[Any]]:
        """What each cell means, or a `Wrong`; `columns` are those of `FIELDS`. Empty cells mean None (of a code or citizen number '')."""
        return [list(map(self.judges[name], cells)) for name, cells in zip(FIELDS, columns, strict=True)]

    # -- one cell

    def _wrong(self, code: str, **facts: Any) -> Wrong:
        self.wrong += 1
        return Wrong(code, **facts)

    def _code(self, cell: Any) -> str | Wrong:
        if not isinstance(cell, str) or is_date(cell):
            return self._wrong("number_cell")
        code = without_blanks(cell)
        if len(code) > CODE_MOST:
            return self._wrong("too_long", most=CODE_MOST)
        # A code such as 1E5 is one as it stands; a number that a spreadsheet has shortened carries a point or a plus.
        return self._wrong("powers_of_ten") if not cell.isalnum() and is_scientific(code) else code

    def _text(self, name: str, clean: Callable[[str], str], cell: Any) -> str | Wrong | None:
        if not isinstance(cell, str) or is_date(cell):
            return self._wrong("not_text")
        text, spec = clean(cell), SPECS[name]
        if not text:
            return self._wrong("empty") if spec.needed else None
        return text if len(text) <= spec.longest else self._wrong("too_long", most=spec.longest)

    def _unit(self, cell: Any) -> str | Wrong:
        return unit_key(shown(cell)) or self._wrong("empty")

    def _choice(self, name: str, cell: Any) -> str | Wrong:
        words = CHOICES[name]
        if cell in words:
            return words[cell]
        word = reduced(cell if isinstance(cell, str) else shown(cell))
        if not word:
            return self._wrong("empty")
        return words.get(word) or self._wrong("unknown_choice", choices=name)

    def _day(self, name: str, cell: Any) -> date | Wrong | None:
        found = None
        if isinstance(cell, str):
            if not cell.strip(" \t\n\u3000"):
                return None
            found = day(cell)
        elif not isinstance(cell, bool) and 19_000_000 < cell < 21_000_000:
            # 20240301 in a number cell can be nothing else; a bare 45352 could be a day of Excel's, and is not guessed.
            found = day(shown(cell))
        if found is None:
            return self._wrong("not_a_day")
        if FIRST_DAY <= found <= self.latest[name]:
            return found
        return self._wrong("unlikely_day", first=FIRST_DAY.isoformat(), last=self.latest[name].isoformat())

    def _citizen_no(self, cell: Any) -> str | Wrong:
        if cell == "":
            return ""
        if not isinstance(cell, str) or is_date(cell):
            return self._wrong("number_cell")
        number, fault = cell, citizen_fault(cell)
        if fault:  # not as it stands; perhaps without blanks and full-width digits
            number = compact(cell)
            if not number:
                return ""
            if is_scientific(number):
                return self._wrong("powers_of_ten")
            fault = citizen_fault(number)
        if self.text and len(number) == 18 and number.endswith("000"):
            return self._wrong("ends_in_zeros")
        return self._wrong(fault, number=len(number)) if fault else number


def unit_key(text: str) -> str:
    """What units are found by: code or name without blanks and width of letters."""
    return compact(text).casefold()


class _Choices(dict[str, dict[str, str]]):
    """The words of a field's choices, in every language, and what each stands for; made when first asked for."""

    def __missing__(self, name: str) -> dict[str, str]:
        words: dict[Any, str] = {**RANK_WORDS} if name == "rank" else {**CATEGORY_WORDS}
        known: dict[str, str] = {}
        for choice in Rank if name == "rank" else CadreCategory:
            for word in (*in_every_language(choice.label), choice.value, *words[choice].split()):
                known.setdefault(word, choice.value)
                known.setdefault(reduced(word), choice.value)
        self[name] = known
        return known


CHOICES = _Choices()
