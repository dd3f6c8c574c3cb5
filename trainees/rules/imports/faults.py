"""What can be wrong with a table of cadres: where, what stands there, why it is wrong, how to mend it."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from partyschool.common.sheets.cells import cell_name
from trainees.enums import CadreCategory, Rank

from .columns import SPECS

CHOICES_OF: dict[str, Any] = {"rank": Rank, "category": CadreCategory}


@dataclass(frozen=True)
class Fault:
    """One fault. `row` and `column` count from 0 in the sheet, `value` is fit to be shown (citizen numbers masked), `facts` fill the words."""

    sheet: str
    row: int
    column: int
    code: str
    name: str = ""
    value: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """Why it is wrong, in the reader's language."""
        return str(WORDS[self.code][0]) % self._words()

    @property
    def remedy(self) -> str:
        """How to mend it, in the reader's language."""
        return str(WORDS[self.code][1]) % self._words()

    @property
    def place(self) -> str:
        """`sheet!cell`, or '' for the file as a whole."""
        return f"{self.sheet}!{cell_name(self.row, self.column)}" if self.sheet else ""

    @property
    def heading(self) -> str:
        """The title of the column, in the reader's language."""
        return str(SPECS[self.name].title) if self.name else ""

    def _words(self) -> dict[str, Any]:
        words = {"heading": self.heading, **self.facts}
        if "choices" in words:
            labels = [str(choice.label) for choice in CHOICES_OF[words["choices"]]]
            words["choices"] = str(_(", ")).join(labels)
        return words


RETYPE = _("Give the column the format “Text”, then type the number again from the document.")
ONE_ROW = _("Keep one row of the two.")

WORDS: dict[str, tuple[Any, Any]] = {
    # the sheet
    "no_headings": (
        _("No sheet has the headings of the template."),
        _("Download the template and copy the rows into it."),
    ),
    "no_rows": (_("There is not one person in the file."), _("Fill in at least one row below the headings.")),
    "column_missing": (
        _("The column “%(heading)s” is missing."),
        _("Add the column, with this heading, and fill it in."),
    ),
    "column_twice": (
        _("There are two columns “%(heading)s”."),
        _("Delete one of them, or give it another heading."),
    ),
    "merged_across": (
        _("Cells are merged over several columns."),
        _("Undo the merging and fill in each cell."),
    ),
    "merged_person": (
        _("One cell is merged over the rows of several people."),
        _("Undo the merging and fill in “%(heading)s” for each person."),
    ),
    "stray": (
        _("Only this cell of the row is filled in; it is no person."),
        _("Delete the row, or fill in the rest of it."),
    ),
    # one cell
    "empty": (_("“%(heading)s” is empty."), _("Fill it in.")),
    "too_long": (_("“%(heading)s” has more than %(most)s characters."), _("Shorten it.")),
    "number_cell": (
        _(
            "The cell holds a number, not a text: a spreadsheet has cut leading zeros, and of long numbers all digits after the fifteenth."
        ),
        RETYPE,
    ),
    "powers_of_ten": (_("A spreadsheet has shortened the number: its last digits are lost."), RETYPE),
    "ends_in_zeros": (
        _(
            "The number ends in three zeros, as all do that a spreadsheet has cut to fifteen digits before it wrote this text file."
        ),
        _(
            "Hand in an Excel workbook with the number as text. If it really ends so, enter it in the register by hand."
        ),
    ),
    "not_text": (_("“%(heading)s” is a number or a date."), _("Enter it as text.")),
    "not_a_day": (
        _("This is no day."),
        _("Write it as 2024-03-01. A month without its day is not enough, and no day is guessed."),
    ),
    "unlikely_day": (
        _("The day lies outside %(first)s to %(last)s."),
        _("Check the year."),
    ),
    "unknown_choice": (_("“%(heading)s” has no such choice."), _("Choose one of: %(choices)s.")),
    "unknown_unit": (
        _("There is no open unit of this code or name in the part of the register that this file is for."),
        _(
            "Use the unit's code from the sheet with the units in the template; for a unit of another organisation department, hand the row in there."
        ),
    ),
    "many_units": (_("Several units have this name."), _("Use the unit's code.")),
    "bad_length": (
        _("A citizen number has 18 characters; this one has %(number)s."),
        _("Compare it with the identity card."),
    ),
    "bad_characters": (
        _("A citizen number has 17 digits and then a digit or X."),
        _("Compare it with the identity card."),
    ),
    "bad_check": (
        _("The check digit does not fit: at least one digit is wrong."),
        _("Compare it with the identity card, digit by digit."),
    ),
    "bad_birth": (
        _("The digits 7 to 14 are no day of birth."),
        _("Compare them with the identity card."),
    ),
    "bad_place": (
        _("The first six digits were no place in the year of birth."),
        _("Compare them with the identity card."),
    ),
    # one row beside others
    "code_twice": (_("The same cadre number stands in %(other)s."), ONE_ROW),
    "citizen_twice": (_("The same citizen number stands in %(other)s."), ONE_ROW),
    # one row beside the register
    "no_code": (
        _("The cadre number is empty, and nobody here has this citizen number."),
        _("Enter the cadre number; a new person needs a new one."),
    ),
    "elsewhere": (
        _("This person is not in the part of the register that this file is for."),
        _(
            "Take the row out. If the person was transferred, ask the academic affairs office to move the record."
        ),
    ),
    "other_person": (
        _("Somebody else on the register has this citizen number: cadre number %(other)s."),
        _("Use that cadre number if it is the same person; else compare the number with the identity card."),
    ),
    "other_number": (
        _("The register has another citizen number for this cadre number."),
        _(
            "Check that the row is about the same person. A wrong number on the register is corrected there, not by an import."
        ),
    ),
    "left_before": (
        _("The day of leaving the register lies before the day of entering it."),
        _("Correct one of the two days."),
    ),
    "has_left": (
        _("This person left the register on %(day)s."),
        _("Take the row out, or first put the person back on the register by hand."),
    ),
    "posted_before": (
        _("A posting began on %(since)s, not before this day."),
        _("Enter in “%(heading)s” the day on which the new posting began, or correct the history by hand."),
    ),
}
# Cells whose content is lost already: a marked-up copy leaves them empty, so that nobody hands the damage in again as text.
LOST = frozenset({"number_cell", "powers_of_ten", "ends_in_zeros"})
