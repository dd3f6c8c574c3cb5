"""Fills an empty portal with the demo school."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from django.db import connection, transaction

from courses.enums import OfferingKind, RoundState
from courses.models import SelectionRound
from faculty.models import Teacher
from partyschool.accounts.models import Unit, User
from partyschool.audit.models import AuditEvent
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import WrongState
from trainees.enums import YearState
from trainees.models import Cadre
from trainees.selectors.year_states import year_of
from trainees.services.reports import build_reports
from trainees.services.years import close_year

from . import plans
from .accounts import build_accounts
from .assignments import assign_classes
from .certificates import certify_classes
from .check_ins import open_class_today
from .conduct import assess_classes
from .draws import hold_past_draw, open_draw
from .history import Chronicle, build_rooms, build_round, refresh_statistics
from .imports import hand_in_files
from .money import build_budget, post_spending
from .past_years import hand_over_past
from .people import build_cadres, build_teachers
from .reorganisation import reorganise
from .requests import make_requests
from .rules import build_rules
from .sizes import SIZES, Size
from .units import build_units
from .views import keep_views
from .years import settle_year

BEGUN, FINISHED = "demo.begin", "demo.finish"
Say = Callable[[str], object]


class ForeignData(WrongState):
    """The database holds a school that is not the demo school."""


@dataclass(frozen=True)
class Demo:
    """A demo school as it was begun: its size and the moment it calls now."""

    size: Size
    now: datetime

    @property
    def year(self) -> int:
        return plans.present_year(self.now)


def found() -> tuple[Demo | None, bool]:
    """The demo school that is here (or None), and whether it is finished. Raises `ForeignData` where another school is."""
    events = AuditEvent.objects.filter(action__in=(BEGUN, FINISHED)).unscoped("which demo school is here")
    begun = {event.action: event.data for event in events}
    if BEGUN in begun:
        facts = begun[BEGUN]
        return Demo(SIZES[facts["size"]], datetime.fromisoformat(facts["now"])), FINISHED in begun
    if User.objects.exists() or Unit.objects.exists():
        raise ForeignData("This database already holds a school that is not the demo school.")
    return None, False


def fill(demo: Demo, *, say: Say) -> None:
    """Store the demo school: people, rules, last year closed, the present year under way, a drafted round.

    Everything is drawn from one seed. Begun and interrupted, it goes on where it stopped. The walk through the present year is in
    docs/demo.md.
    """
    with connection.cursor() as cursor:
        # Thousands of small transactions, and a machine that fails goes on where it stopped: no need to wait for the disk.
        cursor.execute("SET synchronous_commit = off")
    if not User.objects.exists():
        _begin(demo, say)
    staff = User.objects.get(username="staff")
    post_spending((demo.year - 1, demo.year), User.objects.get(username="finance"), demo.now)
    chronicle = _chronicle(demo, staff)
    _live_year(chronicle, demo, demo.year - 1, say)
    hold_past_draw(chronicle, chronicle.cadres[: demo.size.venue], demo.year - 1)
    closed_at = min(demo.now, clock.school_instant(date(demo.year, 1, 8), time(10)))
    if year_of(demo.year - 1).state == YearState.PREVIEW:
        closing = close_year(year=demo.year - 1, by=staff, now=closed_at)
        say(
            f"{closing.year} is closed: {closing.passed} passed, {closing.failed} failed, {closing.exempt} exempt"
        )
    _live_year(chronicle, demo, demo.year, say)
    _look_ahead(chronicle, demo)
    assess_classes((demo.year - 1, demo.year), staff, demo.now)
    open_draw(chronicle, chronicle.cadres[: demo.size.venue], demo.year, demo.now)
    assign_classes(chronicle)
    make_requests(demo.year, staff, demo.now)
    open_class_today(chronicle)
    hand_over_past((demo.year - 3, demo.year - 2), staff)
    keep_views()
    certify_classes(staff, demo.now)
    settle_year(demo.year - 1, staff, demo.now)
    build_reports(year=demo.year - 1, by=staff)
    reorganise(staff, demo.now)
    hand_in_files(staff, demo.now)
    record_event(action=FINISHED, subject="home.demo:school", by=staff)


@transaction.atomic
def _begin(demo: Demo, say: Say) -> None:
    random = Random("liangjiang")  # noqa: S311 -- names of nobody need no secrecy
    units = build_units(demo.size)
    cadres = build_cadres(demo.size, units, demo.year, random)
    teachers = build_teachers(random)
    staff = build_accounts(cadres, teachers)
    build_rooms()
    build_rules(demo.year - 1, demo.year, earlier=(demo.year - 3, demo.year - 2))
    build_budget((demo.year - 1, demo.year))
    facts = {"size": demo.size.name, "now": demo.now.isoformat()}
    record_event(action=BEGUN, subject="home.demo:school", by=staff, data=facts)
    say(f"{len(units)} units, {len(cadres)} cadres, {len(teachers)} teachers")


def _chronicle(demo: Demo, staff: User) -> Chronicle:
    cadres = list(Cadre.objects.order_by("pk").unscoped("filling the demo school"))
    teachers = list(Teacher.objects.order_by("pk"))
    return Chronicle(cadres=cadres, teachers=teachers, venue_size=demo.size.venue, by=staff, now=demo.now)


def _live_year(chronicle: Chronicle, demo: Demo, year: int, say: Say) -> None:
    """Announce a year's programme and live through what is over, in the order in which it ended."""
    over = year < demo.year
    rounds: dict[str, SelectionRound] = {OfferingKind.FORUM: _forum_round(year, over=over)}
    if over:
        opened = clock.school_instant(date(year, 9, 15), time(9))
        rounds[OfferingKind.ELECTIVE] = build_round(
            year, state=RoundState.CLOSED, opens_at=opened, closes_at=opened + timedelta(days=14)
        )
    programme = list(plans.year_plans(year, demo.size, demo.now))
    pairs = zip(programme, chronicle.announce(programme, rounds), strict=True)
    held = [pair for pair in pairs if pair[0].lessons[-1].ends_at < demo.now]
    for number, (plan, offering) in enumerate(sorted(held, key=lambda pair: pair[0].lessons[-1].ends_at), 1):
        chronicle.live_through(plan, offering)
        if number.bit_count() == 1 or number == len(held):
            refresh_statistics()
        if number % 200 == 0 or number == len(held):
            say(
                f"{year}: {number} of {len(held)} past offerings closed, {len(programme) - len(held)} to come"
            )


def _forum_round(year: int, *, over: bool) -> SelectionRound:
    """The round of a year's forum sessions, open all year: who wants to come takes a seat until the seats are gone."""
    return build_round(
        year,
        state=RoundState.CLOSED if over else RoundState.OPEN,
        opens_at=clock.school_instant(date(year, 1, 4), time(9)),
        closes_at=clock.year_end(year),
        name="年两江讲坛",
        max_picks=4,
    )


def _look_ahead(chronicle: Chronicle, demo: Demo) -> None:
    """A class that people are enrolled in already, and the round that waits to be opened.

    The round's topics were held on the last two working days, so that the whole year can be walked today.
    """
    today = clock.school_date(demo.now)
    coming = plans.upcoming(demo.year, today)
    (offering,) = chronicle.announce([coming])
    chronicle.enrol(coming, offering, chronicle.cadres[5:37])
    hour = demo.now.replace(minute=0, second=0, microsecond=0)
    draft = build_round(
        demo.year,
        state=RoundState.DRAFT,
        opens_at=hour - timedelta(days=1),
        closes_at=hour + timedelta(days=14),
    )
    days = plans.last_working_days(demo.now)
    chronicle.announce(
        plans.topics(demo.year, days, seats=None, factor=demo.size.seat_factor),
        {OfferingKind.ELECTIVE: draft},
    )
