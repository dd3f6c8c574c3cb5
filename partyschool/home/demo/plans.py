"""When what is held in a school year: dates around today, so that a demo school of any day has a past and a future.

What ended long enough ago becomes history, what would overlap the last days is put off to the coming weeks.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from courses.enums import OfferingKind, Signboard, TeachingMethod
from partyschool.common import clock

from . import content
from .sizes import Size

MORNING = (time(8, 30), time(11, 30))
AFTERNOON = (time(14, 30), time(17, 30))
EVENING = (time(19), time(21))
WHOLE_DAY = (time(8, 30), time(17, 30))
HALF_DAY_HOURS = Decimal(4)
ONLINE_HOURS = Decimal(20)
CLASS_DAYS = 10
CLASS_EVERY_WEEKS = 5  # room for a class that is put off
LEADERS = range(10, 18)  # places in people.build_teachers
EXPERTS = range(25, 37)
FULL_TIME = range(10)


@dataclass(frozen=True)
class LessonPlan:
    """One lesson: `teacher` is a place in the teacher pool, `room` a room code; both None away from the school."""

    title: str
    day: date
    span: tuple[time, time]
    hours: Decimal
    module: str
    method: str = TeachingMethod.LECTURE
    teacher: int | None = None
    room: str | None = None

    @property
    def starts_at(self) -> datetime:
        return clock.school_instant(self.day, self.span[0])

    @property
    def ends_at(self) -> datetime:
        return clock.school_instant(self.day, self.span[1])


@dataclass(frozen=True)
class Plan:
    """One offering. `venue` numbers the group of cadres it is for, `part` its place among those of its kind."""

    code: str
    kind: str
    title: str
    summary: str
    seats: int
    lessons: list[LessonPlan]
    venue: int = 0
    part: int = 0
    signboard: str = Signboard.PARTY_SCHOOL
    in_round: bool = field(default=False)
    series: str = ""

    @property
    def starts_on(self) -> date:
        return self.lessons[0].day

    @property
    def ends_on(self) -> date:
        return self.lessons[-1].day


def present_year(now: datetime) -> int:
    """The school year the demo calls the present: still last year's in the first week of January, so that its last days lie in it."""
    return clock.school_year(now - timedelta(days=7))


def last_working_days(now: datetime) -> tuple[date, date]:
    """The last two working days before today that lie in the present year: on them the topics of the drafted round were held."""
    today, year = clock.school_date(now), present_year(now)
    back = (today - timedelta(days=number) for number in range(1, 15))
    days = [day for day in back if day.year == year and day.weekday() < 5]
    return days[1], days[0]


def year_plans(year: int, size: Size, now: datetime) -> Iterator[Plan]:
    """Everything of one school year but the electives of the present one, in order of venue."""
    today = clock.school_date(now)
    recent = last_working_days(now)[0]
    past = year < present_year(now)
    venues = -(-size.cadres // size.venue)
    for venue in range(venues):
        home = venue == 0
        people = min(size.venue, size.cadres - venue * size.venue)
        yield from _classes(year, venue, people, size, home=home, recent=recent, today=today)
        yield from _forum(year, venue, people, home=home, today=today)
        yield from _online(year, venue, people)
        if past:
            yield from topics(
                year, (date(year, 10, 21), date(year, 10, 22)), seats=people, venue=venue, home=home
            )


def topics(
    year: int,
    days: tuple[date, date],
    *,
    seats: int | None,
    venue: int = 0,
    home: bool = True,
    factor: int = 1,
) -> Iterator[Plan]:
    """The year's eight electives on four half-days. `seats` for all of them, or each its own times `factor`."""
    slots = [(day, span) for day in days for span in (MORNING, AFTERNOON)]
    for part, (title, summary, module, method, own_seats) in enumerate(content.TOPICS):
        day, span = slots[part // 2]
        lesson = LessonPlan(
            title,
            day,
            span,
            HALF_DAY_HOURS,
            module,
            method,
            teacher=FULL_TIME[part] if home else None,
            room=("R01", "R03")[part % 2] if home else None,
        )
        capacity = seats if seats is not None else own_seats * (factor if own_seats > 10 else 1)
        yield Plan(
            _code("XX", year, venue, part),
            OfferingKind.ELECTIVE,
            title,
            summary,
            capacity,
            [lesson],
            venue,
            part,
            in_round=True,
        )


def upcoming(year: int, today: date) -> Plan:
    """A weekend class that begins in one to two weeks: somebody's next lesson."""
    title, kind = content.UPCOMING
    saturday = _next_monday(today) + timedelta(days=5)
    lessons = []
    for number, (lesson, module, method) in enumerate(content.CLASS_LESSONS[5:11]):
        on = saturday + timedelta(days=(0, 1, 7)[number // 2])
        span = (MORNING, AFTERNOON)[number % 2]
        lessons.append(
            LessonPlan(lesson, on, span, HALF_DAY_HOURS, module, method, teacher=number % 2, room="R06")
        )
    return Plan(
        _code("ZT", year, 0, 0), kind, f"{year}年{title}", "利用周末围绕重点任务开展研讨。", 40, lessons
    )


def _classes(
    year: int, venue: int, people: int, size: Size, *, home: bool, recent: date, today: date
) -> Iterator[Plan]:
    put_off = _next_monday(today)
    for part in range(-(-people // size.class_seats)):
        name, signboard = content.CLASSES[part % len(content.CLASSES)]
        slot = part % len(content.CLASSES)
        first = _next_monday(date(year, 2, 28)) + timedelta(weeks=CLASS_EVERY_WEEKS * slot)
        if first <= today and first + timedelta(days=CLASS_DAYS + 2) >= recent:
            first = put_off
        # The school's own rooms and teachers serve one class at a time; others sit at their departments.
        at_school = home and part < len(content.CLASSES)
        yield Plan(
            _code("ZB", year, venue, part),
            OfferingKind.MAIN_CLASS,
            f"{year}年第{part + 1}期{name}" + _place(venue),
            "脱产学习两周，理论教育、党性教育与能力提升相结合。",
            size.class_seats,
            list(_class_lessons(first, part, size, at_school=at_school)),
            venue,
            part,
            signboard,
        )


def _class_lessons(first: date, part: int, size: Size, *, at_school: bool) -> Iterator[LessonPlan]:
    spans = (MORNING, AFTERNOON) if size.day_lessons == 2 else (WHOLE_DAY,)
    number = 0
    for day in range(CLASS_DAYS):
        on = first + timedelta(days=day % 5 + 7 * (day // 5))
        for span in spans:
            title, module, method = content.CLASS_LESSONS[number]
            teacher = LEADERS[part % len(LEADERS)] if number == 0 else _class_teacher(number)
            yield LessonPlan(
                title,
                on,
                span,
                HALF_DAY_HOURS * 2 / len(spans),
                module,
                method,
                teacher=teacher if at_school else None,
                room="R02" if at_school else None,
            )
            number += 1


def _class_teacher(number: int) -> int:
    return FULL_TIME[number % 10] if number % 3 else EXPERTS[number % 12]


def _forum(year: int, venue: int, people: int, *, home: bool, today: date) -> Iterator[Plan]:
    for part, (title, module) in enumerate(content.FORUM):
        month, day = ((3, 27), (6, 26), (9, 25), (11, 27))[part]
        on = date(year, month, day) + timedelta(days=(5 - date(year, month, day).weekday()) % 7)
        # While the year lasts a session is still to come: a Sunday after the weekend class, which keeps the Saturdays before.
        put_off = _next_monday(today) + timedelta(days=13)
        if part == len(content.FORUM) - 1 and on <= today and put_off.year == year == today.year:
            on = put_off
        lesson = LessonPlan(
            title,
            on,
            MORNING,
            HALF_DAY_HOURS,
            module,
            teacher=EXPERTS[part] if home else None,
            room="R01" if home else None,
        )
        yield Plan(
            _code("JT", year, venue, part),
            OfferingKind.FORUM,
            f"两江讲坛{year}年第{part + 1}期：{title}" + _place(venue),
            "面向全市干部开放，自主选学，签到计入学分。",
            people,
            [lesson],
            venue,
            part,
            in_round=home,
            series=content.FORUM_SERIES,
        )


def _online(year: int, venue: int, people: int) -> Iterator[Plan]:
    for part, (title, module) in enumerate(content.ONLINE):
        lesson = LessonPlan(title, date(year, (4, 6, 8)[part], 15), EVENING, ONLINE_HOURS, module)
        yield Plan(
            _code("WL", year, venue, part),
            OfferingKind.ONLINE,
            f"{year}年{title}" + _place(venue),
            "在干部网络学院自主学习，学完20学时并通过测试。",
            people,
            [lesson],
            venue,
            part,
        )


def _place(venue: int) -> str:
    return f"（第{venue + 1}分校）" if venue else ""


def _code(kind: str, year: int, venue: int, part: int) -> str:
    return f"{kind}{year}-{venue:02}-{part + 1:02}"


def _next_monday(day: date) -> date:
    return day + timedelta(days=7 - day.weekday())
