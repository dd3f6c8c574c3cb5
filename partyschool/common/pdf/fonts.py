"""Fonts of documents by role, with fallbacks per character.

GB/T 9704-2012 names FangSong, XiaoBiaoSong, HeiTi and KaiTi; their usual files are licensed products. The portal ships open
fonts (Noto Serif SC, Noto Sans SC, for rare names Noto Serif JP) and takes a school's own TrueType files from `settings.EXTRA_FONT_DIR`
when they are there. What none of them has is looked for in `settings.RARE_FONT_DIRS`, where a machine keeps fonts of all Han characters.
A font is parsed once per process; a document embeds the characters it uses and nothing else.
"""

import logging
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.conf import settings
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import SUBSETN, TTFError, TTFont, TTFontFace

from partyschool.common.plaintext import is_default_ignorable

logger = logging.getLogger(__name__)

GETA = "〓"
"""What printers set for a sort they lack: visible, so that nobody takes the text for complete."""


class FontRole(StrEnum):
    """The type faces of an official document."""

    FANGSONG = "FANGSONG"
    XIAOBIAOSONG = "XIAOBIAOSONG"
    HEITI = "HEITI"
    KAITI = "KAITI"
    SONG = "SONG"


FONT_NAMES = {
    FontRole.FANGSONG: "仿宋",
    FontRole.XIAOBIAOSONG: "小标宋",
    FontRole.HEITI: "黑体",
    FontRole.KAITI: "楷体",
    FontRole.SONG: "宋体",
}
"""How users know the roles."""

# Shipped files per role, best first.
_SHIPPED = {
    FontRole.FANGSONG: ("NotoSerifSC-Regular.ttf",),
    FontRole.XIAOBIAOSONG: ("NotoSerifSC-Bold.ttf",),
    FontRole.HEITI: ("NotoSansSC-Bold.ttf", "NotoSansSC-Regular.ttf"),
    FontRole.KAITI: ("NotoSerifSC-Regular.ttf",),
    FontRole.SONG: ("NotoSerifSC-Regular.ttf",),
}
_GENUINE_SHIPPED = {FontRole.HEITI, FontRole.SONG}

# A school's own files are recognised by file or family name; order matters ("小标宋" also contains "宋").
_OWN = (
    (FontRole.XIAOBIAOSONG, re.compile(r"xiaobiaosong|小标宋|fzxbs|xbsong", re.IGNORECASE)),
    (FontRole.FANGSONG, re.compile(r"fang ?song|仿宋|simfang|stfangso|fzfs", re.IGNORECASE)),
    (FontRole.KAITI, re.compile(r"kai ?ti|楷体|simkai|stkaiti|fzkt|wenkai", re.IGNORECASE)),
    (FontRole.HEITI, re.compile(r"hei ?ti|黑体|simhei|stheiti|fzht", re.IGNORECASE)),
    (FontRole.SONG, re.compile(r"simsun|song ?ti|宋体|stsong|fzss|shusong|书宋", re.IGNORECASE)),
)


class FontsMissing(Exception):
    """No font file at all for a role: the font folder was not built."""


class _Outlines:
    """The outline table of a font, copied only in the slices asked for: 15 MB less to copy for every subset of a document."""

    def __init__(self, data: bytes, start: int) -> None:
        self._data = data
        self._start = start

    def __getitem__(self, part: slice) -> bytes:
        return bytes(self._data[self._start + part.start : self._start + part.stop])


class EmbeddedFace(TTFontFace):
    def get_table(self, tag: str) -> Any:
        if tag == "glyf":
            return _Outlines(self._ttf_data, self.get_table_pos(tag)[0])
        return super().get_table(tag)


class EmbeddedFont(TTFont):
    """A TrueType font shared by all threads.

    ReportLab reads a face through one file position, so cutting out a document's subset is serialised; its ToUnicode map is
    rewritten because characters above U+FFFF (rare names) need surrogate pairs there, or searching and copying fails.
    """

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(name, str(path), shapable=False)
        self.face.__class__ = EmbeddedFace  # the constructor leaves no other way to choose the class
        self._subset_lock = threading.Lock()

    def addObjects(self, doc: Any) -> None:  # noqa: N802 - ReportLab's name
        with self._subset_lock:
            subsets = [list(subset) for subset in self.state[doc].subsets]
            super().addObjects(doc)
        for number, subset in enumerate(subsets):
            name = (SUBSETN(number) + b"+" + self.face.name + self.face.subfontNameX).decode("latin-1")
            doc.idToObject[f"toUnicodeCMap:{name}"].content = _to_unicode_map(name, subset)


def _to_unicode_map(name: str, subset: list[int]) -> str:
    entries = [(code, char) for code, char in enumerate(subset) if char]
    lines = [
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
        f"/CIDSystemInfo << /Registry ({name}) /Ordering ({name}) /Supplement 0 >> def",
        f"/CMapName /{name} def /CMapType 2 def",
        "1 begincodespacerange <00> <FF> endcodespacerange",
    ]
    for start in range(0, len(entries), 100):  # the format allows 100 entries per block
        block = entries[start : start + 100]
        lines.append(f"{len(block)} beginbfchar")
        lines += [f"<{code:02X}> <{chr(char).encode('utf-16-be').hex().upper()}>" for code, char in block]
        lines.append("endbfchar")
    lines.append("endcmap CMapName currentdict /CMap defineresource pop end end")
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Glyph:
    """What is drawn for one character: registered font name, the character, its width in 1/1000 em, and whether it stands
    in for one that no font has."""

    font: str
    char: str
    width: float
    missing: bool = False


class FontMap:
    """Roles → fonts of one pair of folders. Use `font_map()`; construct one only for other folders.

    `substituted` names the font used for every role whose own face is not at hand; `problems` tells of files that could not
    be used (broken, CFF outlines, no permission).

    Concurrency: safe to share. Parsing holds a lock; look-ups afterwards read plain dictionaries.
    """

    def __init__(self, font_dir: Path, extra_dir: Path | None = None, rare_dirs: Sequence[Path] = ()) -> None:
        self._lock = threading.RLock()
        self._fonts: dict[Path, EmbeddedFont | None] = {}
        self._glyphs: dict[FontRole, dict[str, Glyph | None]] = {role: {} for role in FontRole}
        self.problems: list[str] = []
        own: dict[FontRole, list[Path]] = {role: [] for role in FontRole}
        spare: list[Path] = []
        for path in _font_files(extra_dir):
            font = self._open(path)
            if font is None:
                continue
            role = _role_of(path, font)
            (spare if role is None else own[role]).append(path)
        shipped = _font_files(font_dir)
        by_name = {path.name: path for path in shipped}
        # Fonts of all Han characters are large: one is opened when a character is met that no other has.
        rare = [path for folder in rare_dirs for path in _font_files(folder)]
        everything = [path for role in FontRole for path in own[role]] + spare + shipped + rare
        self._chains: dict[FontRole, list[Path]] = {}
        self.substituted: dict[FontRole, str] = {}
        for role in FontRole:
            named = [by_name[name] for name in _SHIPPED[role] if name in by_name]
            # An exact face first, then the shipped ones for the role, then whatever else may hold a rare character.
            chain = list(dict.fromkeys([*own[role], *named, *everything]))
            if not chain:
                raise FontsMissing(f"no usable font for {role.value} in {font_dir}")
            self._chains[role] = chain
            if not own[role] and not (named and role in _GENUINE_SHIPPED):
                font = self._open(chain[0])
                self.substituted[role] = chain[0].stem if font is None else _family(font)

    @property
    def first_font(self) -> str:
        """Registered name of some embedded font, for the places where ReportLab insists on one."""
        return self._stand_in(FontRole.SONG).font

    def glyph(self, role: FontRole, char: str) -> Glyph | None:
        """The glyph for `char`, the printer's stand-in where no font has it, None for a character without a shape."""
        known = self._glyphs[role]
        try:
            return known[char]
        except KeyError:
            found = known[char] = self._find(role, char)
            return found

    def _find(self, role: FontRole, char: str) -> Glyph | None:
        code = ord(char)
        for path in self._chains[role]:
            font = self._open(path)
            if font is not None and code in font.face.charToGlyph:
                return Glyph(font.fontName, char, font.face.getCharWidth(code))
        if is_default_ignorable(char):
            return None
        stand_in = self._stand_in(role) if char != GETA else None
        return Glyph(stand_in.font, GETA, stand_in.width, missing=True) if stand_in else None

    def _stand_in(self, role: FontRole) -> Glyph:
        glyph = self.glyph(role, GETA)
        if glyph is None:
            raise FontsMissing(f"the fonts lack the stand-in {GETA}")
        return glyph

    def _open(self, path: Path) -> EmbeddedFont | None:
        try:
            return self._fonts[path]
        except KeyError:
            pass
        with self._lock:
            if path not in self._fonts:
                self._fonts[path] = self._load(path)
            return self._fonts[path]

    def _load(self, path: Path) -> EmbeddedFont | None:
        try:
            font = EmbeddedFont(f"{path.stem}@{path}", path)
        except (TTFError, OSError, KeyError, IndexError, ValueError) as error:
            self._refuse(path, str(error) or type(error).__name__)
            return None
        names = {other.face.name for other in self._fonts.values() if other is not None}
        if font.face.name in names:
            self._refuse(path, "another file carries the same PostScript name")
            return None
        pdfmetrics.registerFont(font)
        return font

    def _refuse(self, path: Path, why: str) -> None:
        self.problems.append(f"{path.name}: {why}")
        logger.warning("font file not used: %s: %s", path, why)


def _font_files(folder: Path | None) -> list[Path]:
    if folder is None or not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in {".ttf", ".ttc"})


def _family(font: EmbeddedFont) -> str:
    full: bytes = font.face.fullName or font.face.familyName or font.face.name
    return bytes(full).decode("utf-8", "replace")


def _role_of(path: Path, font: EmbeddedFont) -> FontRole | None:
    names = f"{path.stem} {_family(font)} {bytes(font.face.name).decode('latin-1')}"
    return next((role for role, pattern in _OWN if pattern.search(names)), None)


_maps: dict[tuple[Path, Path | None, tuple[Path, ...]], FontMap] = {}
_maps_lock = threading.Lock()


def font_map() -> FontMap:
    """The map of the configured folders (`FONT_DIR`, `EXTRA_FONT_DIR`, `RARE_FONT_DIRS`), built at the first call and kept.

    Raises FontsMissing when the folder holds no fonts.
    Concurrency: safe; the first caller builds, others wait.
    """
    extra = getattr(settings, "EXTRA_FONT_DIR", None)
    rare = tuple(Path(folder) for folder in getattr(settings, "RARE_FONT_DIRS", ()))
    key = (Path(settings.FONT_DIR), Path(extra) if extra else None, rare)
    with _maps_lock:
        if key not in _maps:
            _maps[key] = FontMap(*key)
        return _maps[key]
