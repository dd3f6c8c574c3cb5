"""Names that no font at hand can print, told by person before a document is made of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from partyschool.common.pdf import FontRole, FontsMissing, font_map

# What documents show of people, units and offerings: (kind, table, column of the number, column of the text).
_TEXTS = (
    ("cadre", "trainees_cadre", "code", "name"),
    ("post", "trainees_cadre", "code", "post"),
    ("unit", "accounts_unit", "code", "name"),
    ("offering", "courses_offering", "code", "title"),
)

_EVERY = " UNION ALL ".join(
    f"SELECT {number} AS place, '{kind}' AS kind, {code} AS code, {column} AS text FROM {table}"  # noqa: S608 -- names of this file
    for number, (kind, table, code, column) in enumerate(_TEXTS)
)
_CHARACTERS = f"SELECT DISTINCT unnest(string_to_array(text, NULL)) FROM ({_EVERY}) AS used"  # noqa: S608 -- as above
_TEXTS_WITH = f"SELECT kind, code, text FROM ({_EVERY}) AS used WHERE translate(text, %s, '') <> text ORDER BY place, code"  # noqa: S608 -- as above


@dataclass(frozen=True, slots=True)
class Unprintable:
    """One text with characters that no font has. `kind`: cadre, post, unit or offering; `code`: the number of the cadre, unit or offering."""

    kind: str
    code: str
    text: str
    characters: str

    @property
    def code_points(self) -> str:
        return " ".join(f"U+{ord(char):04X}" for char in self.characters)


def missing_characters(text: str) -> str:
    """The characters of `text` that would be printed as 〓, each once, in order. Raises `FontsMissing`."""
    fonts = font_map()
    glyphs = ((char, fonts.glyph(FontRole.FANGSONG, char)) for char in dict.fromkeys(text))
    return "".join([char for char, glyph in glyphs if glyph is not None and glyph.missing])


def unprintable_texts() -> Sequence[Unprintable]:
    """Every name, post, unit and offering of the school that cannot be printed whole, people first.

    For staff and commands: it looks at the whole school. 1 query over the characters in use; a second one where some are missing.
    Raises `FontsMissing`.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CHARACTERS)
        missing = missing_characters("".join([char for (char,) in cursor.fetchall()]))
        if not missing:
            return []
        cursor.execute(_TEXTS_WITH, [missing])
        return [
            Unprintable(kind, code, text, "".join([char for char in dict.fromkeys(text) if char in missing]))
            for kind, code, text in cursor.fetchall()
        ]


def texts_to_tell() -> Sequence[Unprintable]:
    """`unprintable_texts` for a page: empty where there are no fonts at all, which whoever orders a document is told."""
    try:
        return unprintable_texts()
    except FontsMissing:
        return []
