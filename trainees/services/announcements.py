"""Telling cadres that they may pick."""

from itertools import islice
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from courses.models import SelectionRound
from partyschool.accounts.models import User
from partyschool.common import clock
from partyschool.notices.services.notices import send_notice
from trainees.models import Cadre

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
        body = _(
            "From %(opens)s to %(closes)s you may pick up to %(most)s topics. First come, first served."
        ) % {
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
