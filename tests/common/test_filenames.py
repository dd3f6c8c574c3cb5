"""File names from titles that people typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyschool.common.filenames import safe_filename


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("2025年度考核通报", "2025年度考核通报.pdf"),
        ("../../etc/passwd", "-..-etc-passwd.pdf"),
        ("a\\b:c*d?e", "a-b：c_d？e.pdf"),
        ('王<b>"强"</b>', "王_b__强__-b_.pdf"),
        ("CON", "_CON.pdf"),
        ("con.txt", "_con.txt.pdf"),
        ("lpt1", "_lpt1.pdf"),
        ("名单\r\nSet-Cookie: a=b", "名单 Set-Cookie： a=b.pdf"),
        ("报告\u202egpj.exe", "报告gpj.exe.pdf"),
        ("  . ", "文件.pdf"),
        ("", "文件.pdf"),
        (None, "文件.pdf"),
        ("=1+1", "=1+1.pdf"),
    ],
)
def test_file_name(stem: object, name: str) -> None:
    assert safe_filename(stem, "pdf") == name


def test_long_name_is_cut_at_a_whole_character() -> None:
    name = safe_filename("龑" * 200, "xlsx")

    assert name == "龑" * 65 + ".xlsx"
    assert len(name.encode()) <= 200


@pytest.mark.parametrize("extension", ["", "PDF", ".pdf", "p/f", "pdf\n"])
def test_odd_extension_is_refused(extension: str) -> None:
    with pytest.raises(ValueError, match="not a file extension"):
        safe_filename("名单", extension)


@given(st.text(max_size=300))
def test_any_text_makes_a_name_that_every_system_takes(stem: str) -> None:
    name = safe_filename(stem, "pdf")

    assert name.endswith(".pdf")
    assert 5 <= len(name.encode()) <= 200
    assert not set(name) & set('/\\:*?"<>|\0\r\n\t')
    assert not name.startswith((".", " "))
    assert safe_filename(name.removesuffix(".pdf"), "pdf") == name
