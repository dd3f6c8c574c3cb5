"""Template tags and filters that every page of the portal shares: icons, tones, numbers, times, charts.

They know no business words: a page passes labels and numbers, the tags only show them.
"""

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypedDict

from django import template
from django.conf import settings
from django.contrib.messages import constants as levels
from django.utils import formats, timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()

_ICON_NAME = re.compile(r"[a-z0-9-]+")
_TONE_ICONS = {
    "success": "check-circle-fill",
    "warning": "exclamation-triangle-fill",
    "danger": "x-octagon-fill",
    "info": "info-circle-fill",
    "neutral": "circle",
    "running": "arrow-repeat",
}
_LANGUAGE_SHORT = {"zh-hans": "简", "zh-hant": "繁", "en": "EN"}


class LanguageChoice(TypedDict):
    """One button of the language switch."""

    code: str
    name: str
    short: str
    active: bool


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return a decorative Bootstrap icon; ``name`` is without the ``bi-`` prefix, the meaning stands in text beside it."""
    if not _ICON_NAME.fullmatch(name):
        raise template.TemplateSyntaxError(f"not an icon name: {name!r}")
    return format_html('<i class="bi bi-{}" aria-hidden="true"></i>', name)


@register.simple_tag
def sentence_gap() -> str:
    """Return what stands between two sentences: a blank, but nothing in Chinese, whose full stop brings its own room."""
    return "" if (translation.get_language() or "").startswith("zh") else " "


@register.filter
def tone_icon(tone: str) -> str:
    """Return the icon name that goes with a tone, so that a colour never speaks alone."""
    return _TONE_ICONS.get(tone, _TONE_ICONS["neutral"])


@register.simple_tag
def tag(label: str, tone: str = "neutral") -> SafeString:
    """Return a small state label with the icon of its tone (success, warning, danger, info, neutral, running)."""
    tone = tone if tone in _TONE_ICONS else "neutral"
    return format_html(
        '<span class="tag tag-{}"><i class="bi bi-{}" aria-hidden="true"></i>{}</span>',
        tone,
        _TONE_ICONS[tone],
        label,
    )


@register.filter
def message_tone(message: Any) -> str:
    """Return the tone of a ``django.contrib.messages`` message."""
    level = getattr(message, "level", levels.INFO)
    if level >= levels.ERROR:
        return "danger"
    if level >= levels.WARNING:
        return "warning"
    return "success" if level >= levels.SUCCESS else "info"


@register.filter
def person_name(user: Any) -> str:
    """Return the name to greet a user with: the full name, else the log-in name."""
    return user.get_full_name() or user.get_username()


@register.filter
def initial(user: Any) -> str:
    """Return the one character shown in the round badge of a user (the family name in Chinese)."""
    return person_name(user)[:1].upper()


@register.simple_tag
def interface_languages() -> list[LanguageChoice]:
    """Return the languages of the interface in the order of ``settings.LANGUAGES``."""
    current = translation.get_language()
    return [
        LanguageChoice(
            code=code,
            name=translation.get_language_info(code)["name_local"],
            short=_LANGUAGE_SHORT.get(code, code),
            active=code == current,
        )
        for code, _name in settings.LANGUAGES
    ]


@register.filter
def plain_number(value: Any) -> str:
    """Return a number without needless zeros and with grouped thousands (2.50 → 2.5, 12000 → 12,000); a dash for None."""
    if value is None or value == "":
        return "—"
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    if not number.is_finite():
        return str(value)
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@register.filter
def yuan(value: Any) -> str:
    """Return an amount in yuan with two decimals and grouped thousands (¥12,000.00); a dash for None."""
    if value is None or value == "":
        return "—"
    number = Decimal(str(value))
    return f"{'-' if number < 0 else ''}¥{abs(number):,.2f}"


@register.filter
def percent_of(part: Any, whole: Any) -> int:
    """Return ``part`` of ``whole`` as whole percent, 0…100; 0 where there is no whole."""
    if not whole:
        return 0
    return max(0, min(100, round(100 * float(part or 0) / float(whole))))


@register.simple_tag
def moment(value: dt.datetime | dt.date | None, style: str = "") -> SafeString | str:
    """Return a ``<time>`` in the school zone. ``style="relative"`` lets the page add how far off it is."""
    if value is None:
        return "—"
    if isinstance(value, dt.datetime):
        local = timezone.localtime(value) if timezone.is_aware(value) else value
        text = formats.date_format(local, _("M j, Y, H:i"))
        pattern = (
            '<time datetime="{}" data-relative>{}</time>'
            if style == "relative"
            else '<time datetime="{}">{}</time>'
        )
        return format_html(pattern, local.isoformat(timespec="seconds"), text)
    return format_html(
        '<time datetime="{}">{}</time>', value.isoformat(), formats.date_format(value, _("M j, Y"))
    )


@register.inclusion_tag("includes/_chart.html")
def chart(
    *,
    name: str,
    title: str,
    kind: str,
    labels: Sequence[str],
    series: Sequence[dict[str, Any]],
    unit: str = "",
    first_column: str = "",
) -> dict[str, Any]:
    """Show a chart with its table. ``name``: unique on the page; ``kind``: bar, hbar, stacked, line, ring.

    ``series``: a list of ``{"name": str, "data": [number | None, …]}``, each ``data`` as long as ``labels``.
    The table is the page; the picture is drawn over the same numbers where the browser can.
    """
    # Lazy labels and Decimals are made plain here, so that json_script and the table tell the same story.
    rows = [str(label) for label in labels]
    columns = [
        {"name": str(one["name"]), "data": [_plain(number) for number in one["data"]]} for one in series
    ]
    return {
        "chart_id": name,
        "data_id": f"{name}-data",
        "title": title,
        "unit": unit,
        "first_column": first_column,
        "columns": columns,
        "rows": [(row, [column["data"][index] for column in columns]) for index, row in enumerate(rows)],
        "chart_data": {"kind": kind, "title": title, "unit": unit, "labels": rows, "series": columns},
    }


def _plain(number: Any) -> int | float | None:
    """Return a number as JSON knows it: Decimals become int where whole, else float."""
    if number is None:
        return None
    value = Decimal(str(number))
    return int(value) if value == value.to_integral_value() else float(value)
