"""Telling cadres that they may pick, and what a draw gave them."""

from collections import defaultdict
from itertools import islice
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from courses.enums import RoundMode
from courses.models import SelectionRound
from partyschool.accounts.models import User
from partyschool.common import clock
from partyschool.jobs.services.progress import Progress
from partyschool.notices.services.notices import send_notice
from trainees.models import Cadre, DrawPlace

BATCH = 2000


def _admitted(found: SelectionRound) -> Any:
    """The log-ins of the cadres on the register whom the round is open to."""
    admitted = Q(user__is_active=True) & (Q(left_on=None) | Q(left_on__gt=clock.school_date()))
    if found.ranks:
        admitted &= Q(rank__in=found.ranks)
    if found.categories:
        admitted &= Q(category__in=found.categories)
    paths = list(found.units.values_list("path", flat=True))
    if paths:
        within = Q()
        for path in paths:
            within |= Q(unit__path__startswith=path)
        admitted &= within
    cadres = Cadre.objects.filter(admitted).unscoped("everybody who may pick is told")
    return User.objects.filter(pk__in=cadres.values("user")).only("pk")


def tell_round_opened(*, round_id: int, **_signal: Any) -> int:
    """Send one notice to everybody who may pick in the round; once each, however often this is called. Returns how many."""
    found = SelectionRound.objects.get(pk=round_id)
    with translation.override(settings.LANGUAGE_CODE):
        title = _("Selection “%(name)s” is open") % {"name": found.name}
        words = (
            _("From %(opens)s to %(closes)s you may rank its topics; the draw then gives up to %(most)s.")
            if found.mode == RoundMode.DRAW
            else _(
                "From %(opens)s to %(closes)s you may pick up to %(most)s topics. First come, first served."
            )
        )
        body = words % {
            "opens": clock.in_words(found.opens_at),
            "closes": clock.in_words(found.closes_at),
            "most": found.max_picks,
        }
    told = 0
    recipients = _admitted(found).iterator(chunk_size=BATCH)
    while batch := list(islice(recipients, BATCH)):
        told += send_notice(
            recipients=batch,
            event=f"round.open:{found.pk}",
            title=title,
            body=body,
            url=reverse("trainees:electives"),
        )
    return told


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
        for got, users in sorted(users_of.items()):
            body = _drawn_words([titles[pk] for pk in got])
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
