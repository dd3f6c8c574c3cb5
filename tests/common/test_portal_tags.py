"""The tags and page parts that every page shares."""

import datetime as dt
import json
import re
from decimal import Decimal

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation

from partyschool.common.errors import Full
from partyschool.common.templatetags import portal


def rendered(source: str, **context: object) -> str:
    return Template("{% load portal %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "—"),
        ("", "—"),
        (Decimal("2.50"), "2.5"),
        (Decimal("1E+3"), "1,000"),
        (12000, "12,000"),
        (0, "0"),
        (Decimal("-3.00"), "-3"),
        ("n/a", "n/a"),
    ],
)
def test_plain_number_drops_needless_zeros(value: object, text: str) -> None:
    assert portal.plain_number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "—"), (Decimal("12000"), "¥12,000.00"), (Decimal("-0.5"), "-¥0.50")]
)
def test_yuan_shows_two_decimals(value: object, text: str) -> None:
    assert portal.yuan(value) == text


@pytest.mark.parametrize(
    ("part", "whole", "percent"), [(1, 3, 33), (5, 0, 0), (None, 4, 0), (9, 4, 100), (-1, 4, 0)]
)
def test_percent_of_stays_between_0_and_100(part: object, whole: object, percent: int) -> None:
    assert portal.percent_of(part, whole) == percent


def test_icon_refuses_a_name_that_is_not_one() -> None:
    with pytest.raises(TemplateSyntaxError):
        portal.icon('x" onload="y')


def test_tag_escapes_its_label_and_always_carries_an_icon() -> None:
    html = portal.tag("<b>", "success")
    assert (
        html
        == '<span class="tag tag-success"><i class="bi bi-check-circle-fill" aria-hidden="true"></i>&lt;b&gt;</span>'
    )


def test_moment_is_told_in_the_school_zone() -> None:
    instant = dt.datetime(2025, 12, 31, 16, 30, tzinfo=dt.UTC)
    with translation.override("en"):
        assert (
            portal.moment(instant) == '<time datetime="2026-01-01T00:30:00+08:00">Jan 1, 2026, 00:30</time>'
        )
        assert portal.moment(dt.date(2026, 3, 1)) == '<time datetime="2026-03-01">Mar 1, 2026</time>'
    assert portal.moment(None) == "—"


def test_chart_tells_the_same_numbers_as_table_and_as_data() -> None:
    html = rendered(
        '{% chart name="c" title=title kind="bar" labels=labels series=series %}',
        title="A<b>",
        labels=["</script>", "y"],
        series=[{"name": "s", "data": [Decimal("2.50"), None]}],
    )
    data = json.loads(re.search(r'<script id="c-data" type="application/json">(.*?)</script>', html).group(1))
    assert data["series"] == [{"name": "s", "data": [2.5, None]}]
    assert re.findall(r'<td class="num">(.*?)</td>', html) == ["2.5", "—"]
    assert "<b>" not in html


def test_denial_says_what_to_do_and_from_when() -> None:
    error = Full("30 <of> 30", retry_at=dt.datetime(2026, 3, 1, 1, 0, tzinfo=dt.UTC))
    html = rendered('{% include "includes/_denial.html" %}', denial=error)
    assert 'data-denial="full"' in html
    assert "30 &lt;of&gt; 30" in html
    assert 'datetime="2026-03-01T09:00:00+08:00"' in html


def test_progress_asks_again_only_while_it_runs() -> None:
    source = '{% include "includes/_progress.html" with id="j" title="t" percent=10 state_label="s" poll_url=url %}'
    assert 'hx-trigger="every 2s"' in rendered(source, url="/p/")
    assert "hx-get" not in rendered(source, url="")


def test_no_page_part_carries_inline_script_or_style(settings) -> None:
    found = [
        f"{path.relative_to(settings.BASE_DIR)}: {match.group(0)}"
        for path in sorted((settings.BASE_DIR / "templates").rglob("*.html"))
        if "admin" not in path.parts
        for match in re.finditer(
            r"\sstyle=|\son[a-z]+=\"|\shx-on|<style|<script(?![^>]*\bsrc=)[^>]*>|javascript:|https?://(?!www\.w3\.org)",
            path.read_text(),
        )
    ]
    assert found == []
