"""The forum as everybody may see it: sessions, speakers, seats and how many came. Never who."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from courses.enums import OfferingState
from courses.models import ForumSession, Lesson, SeatCount
from partyschool.common import clock
from partyschool.common.errors import NotFound
from partyschool.common.paging import Page, keyset_page
from trainees.enums import CadreCategory, EnrolmentState, Rank
from trainees.models import Enrolment
from trainees.rules.forum import ForumPhase, enrolment_end, is_over, phase_of

PAGE_SIZE = 12
WORDS_MOST = 5
UNITS_NAMED = 6
# Of the sessions to come some may be called off or end today: the first that stands is looked for among these.
COMING_LOOKED_AT = 12


@dataclass(frozen=True)
class Announcement:
    """One session on the announcement page. `attended` counts the people of a concluded session, None before."""

    session: ForumSession
    phase: ForumPhase
    attended: int | None

    @property
    def lessons(self) -> list[Lesson]:
        """The lessons that stand, in order."""
        return list(self.session.lessons.all())

    @property
    def place(self) -> str:
        """The rooms, each once."""
        rooms = (lesson.room.name for lesson in self.lessons if lesson.room)
        return _(", ").join(dict.fromkeys(rooms))

    @property
    def when(self) -> str:
        """From the first lesson to the last, with the zone; empty while no lesson is planned."""
        lessons = self.lessons
        return (
            clock.span_in_words(lessons[0].starts_at, max(one.ends_at for one in lessons)) if lessons else ""
        )

    @property
    def enrolment_ends_at(self) -> datetime | None:
        """Until when people are asked to come; None outside a round."""
        found = self.session.selection_round
        return enrolment_end(self.session, found) if found else None

    @property
    def seats(self) -> SeatCount | None:
        return getattr(self.session, "seats", None)

    @property
    def seats_left(self) -> int:
        """Free seats that are kept for nobody."""
        return max(self.seats.open_free, 0) if self.seats else 0

    @property
    def seats_kept(self) -> int:
        """Free seats beside them that are kept for certain groups."""
        return self.seats.free - self.seats_left if self.seats else 0

    @property
    def seats_told(self) -> bool:
        """Whether free seats are of use to anybody."""
        return self.phase in {ForumPhase.SOON, ForumPhase.OPEN}

    @property
    def in_short(self) -> str:
        """Title, time, place and speaker in one line, as a shared link shows them."""
        speaker = self.session.lead_teacher
        facts = (
            self.when or date_format(self.session.starts_on, _("M j, Y")),
            self.place,
            speaker and speaker.name,
        )
        return " · ".join([self.session.title, *(str(fact) for fact in facts if fact)])


@dataclass(frozen=True)
class Series:
    """A series of the forum. `code` is empty for the school's own, which has the page of the forum itself."""

    code: str
    name: str
    years: list[tuple[int, int]]
    """(year, number of sessions), newest first."""


@dataclass(frozen=True)
class Programme:
    """A series with the page of its sessions that was asked for."""

    series: Series
    others: list[Series]
    year: int | None
    words: str
    opening: bool
    """Whether it is the first view of the series, which begins with the coming session."""
    coming: Announcement | None
    page: Page


def forum_name() -> str:
    """What the school's own forum is called."""
    return next(iter(settings.FORUM_SERIES.values()), _("Forum"))


def own_series() -> str:
    """The code of the school's own forum; sessions without a code belong to it, too."""
    return next(iter(settings.FORUM_SERIES), "")


def series_of(code: str) -> tuple[str, str]:
    """(code, name) of the series that a session's `series` belongs to; the code of the school's own forum is empty here."""
    return ("", forum_name()) if code in {"", own_series()} else (code, settings.FORUM_SERIES.get(code, code))


def programme_of(
    series: str = "",
    *,
    year: int | None = None,
    words: str = "",
    after: str = "",
    before: str = "",
    now: datetime | None = None,
) -> Programme:
    """The sessions of a series: of one school year in their order, or, looked for by words, of all years, newest first.

    A year that has no sessions is taken for the present one. At most eight queries, whatever is found. Raises `NotFound` for a
    series that never was announced, `InvalidInput` for a damaged cursor.
    """
    now = now or clock.now()
    known = _all_series()
    here = known.pop(series, None)
    if here is None and series:
        raise NotFound(_("There is no such series."), remedy=_("Go back to the forum and choose from there."))
    here = here or Series("", forum_name(), [])
    known.pop("", None)
    sessions = ForumSession.objects.announced().filter(_belongs(series))
    if words:
        chosen, order = None, ("-starts_on", "-pk")
        sessions = sessions.filter(_found_by(words))
    else:
        chosen, order = _year(here, year, now), ("starts_on", "pk")
        sessions = sessions.filter(year=chosen)
    page = keyset_page(_shown(sessions), order=order, size=PAGE_SIZE, after=after, before=before)
    opening = not (words or after or before) and chosen == clock.school_year(now)
    return Programme(
        here,
        sorted(known.values(), key=lambda one: one.name),
        chosen,
        words,
        opening,
        _coming(series, now) if opening else None,
        replace(page, rows=_announced(page.rows, now)),
    )


def announcement_of(session_id: int, *, now: datetime | None = None) -> Announcement:
    """One session for its own page. Raises `NotFound` for one that is not announced. At most four queries."""
    sessions = _shown(ForumSession.objects.announced()).prefetch_related("selection_round__units")
    found = sessions.filter(pk=session_id).first()
    if found is None:
        raise NotFound(
            _("There is no such session."), remedy=_("Go back to the forum and choose from there.")
        )
    return _announced([found], now or clock.now())[0]


def may_come(session: ForumSession) -> list[str]:
    """Who a session is open to, a line per condition; empty for every cadre of the city. Its round's units must be at hand."""
    found = session.selection_round
    if found is None:
        return []
    lines = []
    if found.ranks:
        lines.append(_("; ").join(str(Rank(one).label) for one in found.ranks))
    if found.categories:
        lines.append(_("; ").join(str(CadreCategory(one).label) for one in found.categories))
    units = [unit.name for unit in found.units.all()]
    if units:
        named = _("; ").join(units[:UNITS_NAMED])
        more = len(units) - UNITS_NAMED
        lines.append(
            _("%(units)s and %(more)s more units") % {"units": named, "more": more} if more > 0 else named
        )
    return lines


def _belongs(series: str) -> Q:
    return Q(series=series) if series else Q(series__in=["", own_series()])


def _all_series() -> dict[str, Series]:
    """Every series with its years, by the code that `series_of` gives it."""
    rows = ForumSession.objects.announced().order_by().values_list("series", "year").annotate(Count("pk"))
    counts: dict[str, Counter[int]] = {}
    for code, year, number in rows:
        counts.setdefault(series_of(code)[0], Counter())[year] += number
    return {
        code: Series(code, series_of(code)[1], sorted(years.items(), reverse=True))
        for code, years in counts.items()
    }


def _year(series: Series, asked: int | None, now: datetime) -> int:
    return asked if asked is not None and asked in dict(series.years) else clock.school_year(now)


def _found_by(words: str) -> Q:
    """Every word stands in the title, the summary or the speaker's name."""
    found = Q()
    for word in words.split()[:WORDS_MOST]:
        found &= Q(title__icontains=word) | Q(summary__icontains=word) | Q(lead_teacher__name__icontains=word)
    return found


def _shown(sessions: QuerySet) -> QuerySet:
    standing = (
        Lesson.objects.filter(cancelled_at=None).select_related("room", "teacher").order_by("starts_at", "pk")
    )
    return sessions.select_related("seats", "lead_teacher", "selection_round").prefetch_related(
        Prefetch("lessons", queryset=standing)
    )


def _coming(series: str, now: datetime) -> Announcement | None:
    """The next session that is not over; one that was called off is told of in the list."""
    ahead = ForumSession.objects.filter(
        _belongs(series), state=OfferingState.PUBLISHED, ends_on__gte=clock.school_date(now)
    )
    ahead = _shown(ahead).prefetch_related("selection_round__units").order_by("starts_on", "pk")
    found = next((one for one in ahead[:COMING_LOOKED_AT] if not is_over(one, now)), None)
    return _announced([found], now)[0] if found else None


def _announced(sessions: list[ForumSession], now: datetime) -> list[Announcement]:
    concluded = [one.pk for one in sessions if one.state == OfferingState.CLOSED]
    came = _attendance(concluded) if concluded else {}
    return [
        Announcement(one, phase_of(one, getattr(one, "seats", None), now), came.get(one.pk))
        for one in sessions
    ]


def _attendance(sessions: list[int]) -> dict[int, int]:
    """How many people attended each concluded session."""
    places = Enrolment.objects.filter(offering__in=sessions, state=EnrolmentState.COMPLETED)
    rows = places.unscoped("a number, not people").order_by().values_list("offering").annotate(Count("pk"))
    return {**dict.fromkeys(sessions, 0), **dict(rows)}
