"""Which font draws which character, and what is said when none can."""

import shutil
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings

from partyschool.common.pdf import FontMap, FontRole, FontsMissing, build_notice, font_map
from partyschool.common.pdf.fonts import GETA, EmbeddedFace

from .pdf_samples import HOSTILE, fonts_of, notice, page_texts, table, text_of

pytestmark = pytest.mark.needs("fonts")


def shipped(name: str) -> Path:
    return Path(settings.FONT_DIR) / name


def test_font_map_is_built_once_also_when_many_threads_ask_first() -> None:
    with ThreadPoolExecutor(8) as pool:
        maps = set(pool.map(lambda _: id(font_map()), range(16)))

    assert len(maps) == 1


def test_subsets_of_one_font_are_cut_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    # ReportLab moves one read position through the face: two threads inside would read each other's outlines.
    inside: Counter[int] = Counter()
    most = 0
    cut = EmbeddedFace.makeSubset

    def watched(face: EmbeddedFace, subset: list[int]) -> bytes:
        nonlocal most
        inside[id(face)] += 1
        most = max(most, inside[id(face)])
        time.sleep(0.01)
        try:
            return cut(face, subset)
        finally:
            inside[id(face)] -= 1

    monkeypatch.setattr(EmbeddedFace, "makeSubset", watched)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(build_notice, [notice()] * 16))

    assert most == 1


def test_rare_name_characters_come_from_the_font_that_has_them() -> None:
    glyphs = [font_map().glyph(FontRole.FANGSONG, char) for char in "䶮㛃𬭚龑"]

    assert [glyph.missing for glyph in glyphs if glyph] == [False] * 4


@pytest.mark.parametrize("char", ["𠮷", "𠀋", "𡈽", "𣘺", "𩸽"])
def test_character_of_the_second_plane_is_set_and_found_again(char: str) -> None:
    document = build_notice(notice(blocks=[table([f"{char}田"])]))

    assert document.missing == ()
    assert f"{char}田" in text_of(document)
    assert all(fonts_of(document).values())


@pytest.mark.needs("rare_fonts")
@pytest.mark.parametrize(
    "block",
    [("㐀", "䶵"), ("\U00020000", "\U0002a6d6"), ("\U0002a700", "\U0002b734"), ("\U0002b740", "\U0002b81d"),
     ("\U0002b820", "\U0002cea1"), ("\U0002ceb0", "\U0002ebe0")],
    ids=["A", "B", "C", "D", "E", "F"],
)  # fmt: skip
def test_every_block_of_the_national_standard_of_2022_has_a_font(block: tuple[str, str]) -> None:
    """GB 18030-2022, level 3: the extensions A to F, seen at both ends and 200 places between them."""
    first, last = map(ord, block)
    step = max(1, (last - first) // 200)
    mapped = font_map()

    glyphs = [
        (code, mapped.glyph(FontRole.FANGSONG, chr(code))) for code in [*range(first, last, step), last]
    ]

    assert [f"U+{code:04X}" for code, glyph in glyphs if glyph is None or glyph.missing] == []


@pytest.mark.needs("rare_fonts")
def test_large_font_of_all_characters_is_opened_for_a_rare_one_alone() -> None:
    hanazono = Path("/usr/share/fonts/truetype/hanazono")
    mapped = FontMap(Path(settings.FONT_DIR), None, [hanazono])

    mapped.glyph(FontRole.FANGSONG, "𠮷")
    assert not any(path.parent == hanazono for path in mapped._fonts)
    rare = mapped.glyph(FontRole.FANGSONG, "\U0002a003")
    assert rare is not None
    assert rare.font.startswith("HanaMinB@")


def test_missing_character_is_a_visible_stand_in_with_the_persons_name() -> None:
    # Private characters of old systems: no font of others can know what they meant.
    document = build_notice(notice(blocks=[table(["张三", "\uf8ff田", "李\ue000"])]))

    assert [(m.char, m.code, m.where) for m in document.missing] == [
        ("\uf8ff", "U+F8FF", "\uf8ff田"),
        ("\ue000", "U+E000", "李\ue000"),
    ]
    assert f"{GETA}田" in text_of(document)


def test_same_missing_character_is_reported_for_each_person() -> None:
    document = build_notice(notice(blocks=[table(["\ue000田", "田\ue000", "\ue000田"])]))

    assert [m.where for m in document.missing] == ["\ue000田", "田\ue000"]


def test_character_above_the_basic_plane_can_be_searched_and_copied() -> None:
    document = build_notice(notice(blocks=[table(["钱𬭚"])]))

    assert document.missing == ()
    assert "钱𬭚" in text_of(document)


def test_variation_selector_is_no_missing_glyph() -> None:
    document = build_notice(notice(blocks=[table(["葛\U000e0100城"])]))

    assert document.missing == ()
    assert "葛城" in text_of(document)


def test_shipped_fonts_name_the_faces_they_stand_in_for() -> None:
    document = build_notice(notice())

    assert dict(document.substituted) == {
        "仿宋": "Noto Serif SC Regular",
        "小标宋": "Noto Serif SC Bold",
        "楷体": "Noto Serif SC Regular",
    }


def test_own_font_of_the_school_takes_its_role_and_lends_no_other(tmp_path: Path) -> None:
    fonts, own = tmp_path / "fonts", tmp_path / "own"
    fonts.mkdir()
    own.mkdir()
    for name in ("NotoSerifSC-Regular.ttf", "NotoSerifSC-Bold.ttf"):
        shutil.copy(shipped(name), fonts)
    shutil.copy(shipped("NotoSansSC-Regular.ttf"), own / "FangSong_GB2312.ttf")

    mapped = FontMap(fonts, own)

    fangsong, song = mapped.glyph(FontRole.FANGSONG, "一"), mapped.glyph(FontRole.SONG, "一")
    assert fangsong is not None
    assert fangsong.font.startswith("FangSong_GB2312@")
    assert song is not None
    assert song.font.startswith("NotoSerifSC-Regular@")
    assert FontRole.FANGSONG not in mapped.substituted
    document = build_notice(notice(), fonts=mapped)
    assert "AAAAAA+NotoSansSC-Regular" in fonts_of(document)


def test_broken_font_file_is_told_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "XiaoBiaoSong.ttf").write_bytes(b"OTTO not a TrueType font")

    mapped = FontMap(Path(settings.FONT_DIR), tmp_path)

    assert [problem.partition(":")[0] for problem in mapped.problems] == ["XiaoBiaoSong.ttf"]
    assert mapped.substituted[FontRole.XIAOBIAOSONG] == "Noto Serif SC Bold"


def test_empty_font_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(FontsMissing, match=str(tmp_path)):
        FontMap(tmp_path)


def test_every_font_is_embedded_as_a_subset() -> None:
    document = build_notice(notice(blocks=[table(HOSTILE)]))

    fonts = fonts_of(document)
    assert all(fonts.values())
    assert {name.partition("+")[2] for name in fonts} == {
        "NotoSerifSC-Regular",
        "NotoSerifSC-Bold",
        "NotoSansSC-Bold",
    }
    assert len(document.content) < 150_000


def test_hostile_names_are_printed_as_they_stand() -> None:
    document = build_notice(notice(blocks=[table(HOSTILE, caption="<u>名单</u>")]))

    text = text_of(document)
    assert [name for name in (*HOSTILE, "<u>名单</u>") if "".join(name.split()) not in text] == []


def test_control_characters_vanish_and_visible_text_stays() -> None:
    document = build_notice(notice(blocks=[table(["张\x00\x07三", "李\u202e四\u200b", "王\r\n五\ud800"])]))

    text = "".join(page_texts(document))
    assert "张三" in text
    assert "李四" in text
    assert "王" in text
    assert document.missing == ()
