"""The draws of the demo school: last year's is published, held and can be replayed; this year's is open for ranking."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from courses.enums import RoundState
from courses.models import Offering, SelectionRound
from partyschool.accounts.models import User
from partyschool.common import clock
from trainees.models import DrawPlace, Enrolment, Ranking
from trainees.selectors.sealing import read_draw
from trainees.services.rankings import rank_topics

pytestmark = pytest.mark.django_db


def test_draws_of_the_demo_are_there_to_be_walked(settings):
    settings.DEBUG = True
    call_command("demo", stdout=StringIO())
    year = clock.school_year()
    past = SelectionRound.objects.get(year=year - 1, mode="draw")
    present = SelectionRound.objects.get(year=year, mode="draw")
    assert (past.state, present.state) == (RoundState.CLOSED, RoundState.OPEN)
    assert set(Offering.objects.filter(selection_round=past).values_list("state", flat=True)) == {"closed"}
    places = DrawPlace.objects.filter(selection_round=past).unscoped("test")
    got = sum(len(place.got) for place in places)
    drawn = Enrolment.objects.filter(offering__selection_round=past, origin="draw").unscoped("test")
    assert 0 < got == drawn.count() < places.count()
    out = StringIO()
    call_command("replay_draw", str(past.pk), stdout=out)
    assert out.getvalue().endswith("identical\n")
    # Who came away empty last year comes first this year.
    facts = read_draw(present, now=present.closes_at)
    assert facts.came_away_empty
    user = User.objects.get(username="trainee")
    topics = list(present.offerings.order_by("code").values_list("pk", flat=True))
    ranking = rank_topics(
        round_id=present.pk, offerings=topics[:2], by=user, now=present.opens_at + timedelta(minutes=1)
    )
    assert Ranking.objects.visible_to(user).filter(pk=ranking.pk).exists()
