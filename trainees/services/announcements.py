"""Telling cadres that they may pick, and what a draw gave them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from courses.enums import Mechanism, RoundMode
from courses.models import SelectionRound
from partyschool.accounts.models import User
from partyschool.common import clock
from partyschool.jobs.models import Job
from partyschool.jobs.services.jobs import start_job
from partyschool.jobs.services.progress import Progress
from partyschool.notices.services.notices import send_notice
from trainees.models import Cadre, DrawPlace

BATCH = 2000


def announce_opening(*, opened: SelectionRound, by: Any, **_signal: Any) -> Job:
    """Start the job that tells everybody who may pick in a round that is being opened. Concurrency: in the opening's transaction."""
    with translation.override(settings.LANGUAGE_CODE):
        title = _("Tell that “%(name)s” is open") % {"name": opened.name}
    return start_job(kind="tell_round", key=str(opened.pk), title=title, params={"round": opened.pk}, by=by)


def tell_round_opened(*, round_id: int, progress: Progress) -> int:
    """Send one notice to everybody who may pick in the round, with the own unit's opening; once each, however often this is called.

    Returns how many.
    """
    found = SelectionRound.objects.get(pk=round_id)
    audiences = [(opens_at, _users_of(cadres)) for opens_at, cadres in _audiences(found)]
    total, told = sum(users.count() for _opens_at, users in audiences), 0
    with translation.override(settings.LANGUAGE_CODE):
        title = _("Selection “%(name)s” is open") % {"name": found.name}
        for opens_at, users in audiences:
            body = _opening_words(found, opens_at)
            recipients = users.iterator(chunk_size=BATCH)
            while batch := list(islice(recipients, BATCH)):
                told += send_notice(
                    recipients=batch,
                    event=f"round.open:{found.pk}",
                    title=title,
                    body=body,
                    url=reverse("trainees:electives"),
                )
                progress.report(told, total)
    return told


def _audiences(found: SelectionRound) -> list[tuple[datetime, Q]]:
    """When the round opens, and to whom: the round's own opening for all whose unit has none, the nearest unit's for the others."""
    openings = list(found.openings.select_related("unit").order_by("unit__path"))
    paths = [one.unit.path for one in openings]
    audiences = [(found.opens_at, ~_under(paths))]
    for one in openings:
        nearer = [path for path in paths if path != one.unit.path and path.startswith(one.unit.path)]
        audiences.append((one.opens_at, _under([one.unit.path]) & ~_under(nearer)))
    admitted = _admitted(found)
    return [(opens_at, admitted & cadres) for opens_at, cadres in audiences]


def _under(paths: Iterable[str]) -> Q:
    """Cadres of one of these units or below; nobody for no units."""
    within = Q(pk__in=[])
    for path in paths:
        within |= Q(unit__path__startswith=path)
    return within


def _admitted(found: SelectionRound) -> Q:
    """The cadres on the register whom the round is open to, as far as they can log in."""
    admitted = Q(user__is_active=True) & (Q(left_on=None) | Q(left_on__gt=clock.school_date()))
    if found.ranks:
        admitted &= Q(rank__in=found.ranks)
    if found.categories:
        admitted &= Q(category__in=found.categories)
    paths = list(found.units.values_list("path", flat=True))
    return admitted & _under(paths) if paths else admitted


def _users_of(cadres: Q) -> QuerySet[User]:
    found = Cadre.objects.filter(cadres).unscoped("everybody who may pick is told")
    return User.objects.filter(pk__in=found.values("user")).only("pk")


def _opening_words(found: SelectionRound, opens_at: datetime) -> str:
    facts = {
        "opens": clock.in_words(opens_at),
        "closes": clock.in_words(found.closes_at),
        "most": found.max_picks,
    }
    if found.mode == RoundMode.FIRST_COME:
        return (
            _("From %(opens)s to %(closes)s you may pick up to %(most)s topics. First come, first served.")
            % facts
        )
    words = (
        _(
            "From %(opens)s to %(closes)s you may rank its topics; the draw then gives up to %(most)s. Who ranks earlier is served earlier."
        )
        if found.mechanism == Mechanism.BY_TIME
        else _(
            "From %(opens)s to %(closes)s you may rank its topics; the draw then gives up to %(most)s. When you rank makes no difference."
        )
    )
    return words % facts


def tell_drawn(*, round_id: int, progress: Progress) -> int:
    """Tell everybody who took part in a published draw what it gave; once each, however often this is called. Returns how many.

    Those who were given the same topics get the same words, so a few sentences serve all.
    """
    found = SelectionRound.objects.get(pk=round_id)
    places = DrawPlace.objects.filter(
        selection_round=found, cadre__user__is_active=True, cadre__user__isnull=False
    ).unscoped("everybody who took part is told")
    users_of: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for got, user in places.values_list("got", "cadre__user"):
        users_of[tuple(sorted(got))].append(user)
    titles = dict(found.offerings.values_list("pk", "title"))
    total, told = sum(map(len, users_of.values())), 0
    with translation.override(settings.LANGUAGE_CODE):
        title = _("Result of the draw “%(name)s”") % {"name": found.name}
        for topics, users in sorted(users_of.items()):
            body = _drawn_words([titles[pk] for pk in topics])
            for start in range(0, len(users), BATCH):
                told += send_notice(
                    recipients=User.objects.filter(pk__in=users[start : start + BATCH]).only("pk"),
                    event=f"round.publish:{round_id}",
                    title=title,
                    body=body,
                    url=reverse("trainees:draw_result", args=[round_id]),
                )
                progress.report(told, total)
    return told


def _drawn_words(titles: list[str]) -> str:
    if not titles:
        return _("This time you were given no topic. The page says why, wish by wish.")
    return ngettext("You were given: %(titles)s.", "You were given: %(titles)s.", len(titles)) % {
        "titles": pgettext("between clauses", "; ").join(titles)
    }
