"""Breaking a document title into a trapezoid or diamond without tearing words apart (GB/T 9704-2012, 7.3.1)."""

import re
from collections.abc import Callable, Sequence
from itertools import accumulate, combinations, pairwise
from math import ceil

from .text import may_break

# Words that a reader expects to find on one line, longest first; the look-ahead finds overlapping ones.
_WORDS = re.compile(
    "(?=(社会主义学校|教育培训|行政学校|行政学院|人民政府|事业单位|管理人员|经营管理|主体班次|进一步|组织部|公务员|主体班|专题班|花名册"
    "|中共|市委|县委|区委|党委|党校|关于|印发|年度|学年|干部|教育|培训|考核|考评|评估|情况|通报|报告|通知|意见|方案|办法|计划|规划|总结"
    "|学员|教师|学分|学时|成绩|选学|专题|班次|结果|工作|调训|名单|明细|统计|一览|全国|全省|全市|全县|全区|单位|部门|机关|企业|国有"
    "|以及|进行|开展|加强|做好|学习|贯彻|落实|理论|党性|课程|教学|质量|预算|执行|经费|建设|标准|有关|问题|函复|商请|审议|请示|批复"
    "|提供|记录|不合格|合格|人员))"
)
_BAD_OPENERS = frozenset("的和与及或等之了")
_MAX_LINES = 4


def title_lines(title: str, width_of: Callable[[str], float], room: float) -> list[str]:
    """`title` as lines that fit in `room` points; line ends given by the caller are kept as they are.

    Lines are about equally long and form a trapezoid or diamond; the break before 关于 after the issuing body is preferred.
    """
    lines: list[str] = []
    parts = [part.strip() for part in title.split("\n") if part.strip()]
    for part in parts:
        lines += [part] if width_of(part) <= room else _balanced(part, width_of, room)
    return lines


def _balanced(text: str, width_of: Callable[[str], float], room: float) -> list[str]:
    breaks = [i for i in range(1, len(text)) if may_break(text[i - 1], text[i])]
    penalties = _penalties(text)
    edges = list(accumulate([width_of(char) for char in text], initial=0.0))
    least = ceil(width_of(text) / room)
    best: tuple[float, tuple[int, ...]] | None = None
    for count in range(least, min(least + 1, _MAX_LINES) + 1):
        for cuts in combinations(_near(breaks, len(text), count), count - 1):
            widths = [edges[b] - edges[a] for a, b in zip((0, *cuts), (*cuts, len(text)), strict=True)]
            if max(widths) > room:
                continue
            cost = _cost(widths, room) + sum([penalties.get(cut, 0.0) for cut in cuts]) + (count - least)
            if best is None or cost < best[0]:
                best = (cost, cuts)
    if best is None:
        return _greedy(text, breaks, width_of, room)
    return [text[a:b] for a, b in zip((0, *best[1]), (*best[1], len(text)), strict=True)]


def _near(breaks: Sequence[int], length: int, count: int) -> list[int]:
    """The breaks near an even division: enough to choose from, few enough to try them all."""
    reach = max(8, length // (count * 2)) if count > 2 else length
    evens = [length * i / count for i in range(1, count)]
    return [
        b for b in breaks if any(abs(b - even) <= min(reach, 9 if count > 2 else reach) for even in evens)
    ]


def _penalties(text: str) -> dict[int, float]:
    """Cost of a line end before position i: tearing a word is dear, a break before 关于 is welcome."""
    costs: dict[int, float] = {}
    for match in _WORDS.finditer(text):
        for inside in range(match.start() + 1, match.start() + len(match[1])):
            costs[inside] = 3.0
    for i, char in enumerate(text):
        if char in _BAD_OPENERS:
            costs[i] = costs.get(i, 0.0) + 4.0
        if i and text[i - 1].isdigit() and char in "年月日号届期次个":
            costs[i] = costs.get(i, 0.0) + 4.0
        if i and text[i - 1] in "—～-":  # a span such as 2023—2027
            costs[i] = costs.get(i, 0.0) + 4.0
        if text[:i].endswith("中共"):
            costs[i] = costs.get(i, 0.0) + 3.0
        if i and text[i - 1] == "、":
            costs[i] = costs.get(i, 0.0) - 0.3
        if text.startswith("关于", i):
            costs[i] = -0.5
        if text[i - 1 : i] == "的" and i:
            costs[i] = costs.get(i, 0.0) - 0.1
    opened = 0
    for i, char in enumerate(text):
        if opened:
            costs[i] = costs.get(i, 0.0) + 1.5  # inside a book title
        opened += (char == "《") - (char == "》")
    return costs


def _cost(widths: Sequence[float], room: float) -> float:
    spread = (max(widths) - min(widths)) / room
    equal = (
        0.15 if len(widths) > 1 and spread < 0.02 else 0.0
    )  # neither trapezoid nor diamond, but acceptable
    steps = [b - a for a, b in pairwise(widths)]
    # Trapezoid or diamond: the lines never grow again once they have shrunk.
    shrunk = [step < 0 for step in steps]
    well_shaped = shrunk == sorted(shrunk)
    shape = 0.0 if well_shaped else 1.0
    return spread**2 * 4 + equal + shape


def _greedy(text: str, breaks: Sequence[int], width_of: Callable[[str], float], room: float) -> list[str]:
    """Last resort for very long titles: full lines at allowed places, inside a word where there is none."""
    lines, start = [], 0
    while start < len(text):
        end = start + 1
        while end < len(text) and width_of(text[start : end + 1]) <= room:
            end += 1
        if end < len(text):
            end = max((b for b in breaks if start < b <= end), default=end)
        lines.append(text[start:end])
        start = end
    return lines
