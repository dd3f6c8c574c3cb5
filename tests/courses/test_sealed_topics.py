"""What stands of a round's topics once people have picked or ranked them."""

import pytest
from django.db import IntegrityError, transaction

from courses.enums import RoundMode, RoundState
from courses.forms import OfferingForm
from courses.models import Offering, SeatCount
from courses.services.offerings import set_capacity
from partyschool.accounts.enums import Role
from partyschool.common.errors import WrongState
from partyschool.common.locking import violated_constraint
from tests.factories.accounts import make_user
from tests.factories.courses import OfferingFactory, SelectionRoundFactory

pytestmark = pytest.mark.django_db
HASHES = {"seed_hash": "0" * 64, "preferences_hash": "0" * 64}


@pytest.mark.parametrize("state", [RoundState.SEALED, RoundState.RUN, RoundState.REVIEW])
def test_seats_of_a_sealed_draw_stand(state):
    topic = OfferingFactory(
        selection_round=SelectionRoundFactory(mode=RoundMode.DRAW, state=state, **HASHES), capacity=5
    )
    with pytest.raises(WrongState):
        set_capacity(offering_id=topic.pk, capacity=9, by=make_user(Role.STAFF))
    assert SeatCount.objects.get(pk=topic.pk).capacity == 5


def test_seats_change_again_once_the_draw_is_published():
    published = SelectionRoundFactory(mode=RoundMode.DRAW, state=RoundState.PUBLISHED, **HASHES)
    topic = OfferingFactory(selection_round=published, capacity=5)
    assert set_capacity(offering_id=topic.pk, capacity=9, by=make_user(Role.STAFF)).capacity == 9


def _errors(topic, chosen):
    form = OfferingForm(instance=topic)
    data = {name: form.initial.get(name) or "" for name in form.fields} | {"capacity": 5}
    form = OfferingForm(data | {"selection_round": chosen.pk if chosen else ""}, instance=topic)
    form.is_valid()
    return list(form.errors)


@pytest.mark.parametrize(
    ("former", "chosen", "refused"),
    [
        ({"state": "draft"}, {"state": "draft"}, False),
        ({"state": "draft"}, {"state": "open"}, False),
        ({"state": "draft"}, None, False),
        ({"state": "open"}, {"state": "draft"}, True),
        ({"state": "closed"}, None, True),
        ({"state": "draft"}, {"state": "open", "mode": "draw", "seed_hash": "0" * 64}, True),
        (None, {"state": "open", "mode": "draw", "seed_hash": "0" * 64}, True),
    ],
)
def test_topics_come_and_go_while_their_round_is_drafted(former, chosen, refused):
    topic = OfferingFactory(selection_round=SelectionRoundFactory(**former) if former else None)
    target = SelectionRoundFactory(**chosen) if chosen else None
    assert _errors(topic, target) == (["selection_round"] if refused else [])


@pytest.mark.parametrize(
    ("former", "chosen", "refused"),
    [
        ({"state": "draft"}, {"state": "open"}, False),
        ({"state": "draft"}, None, False),
        ({"state": "open"}, None, True),
        ({"state": "closed"}, {"state": "draft"}, True),
        (None, {"state": "open", "mode": "draw", "seed_hash": "0" * 64}, True),
    ],
)
def test_topics_of_an_opened_round_stand_in_the_database(former, chosen, refused):
    topic = OfferingFactory(selection_round=SelectionRoundFactory(**former) if former else None)
    target = SelectionRoundFactory(**chosen) if chosen else None
    moving = Offering.objects.filter(pk=topic.pk)
    if refused:
        with pytest.raises(IntegrityError) as caught, transaction.atomic():
            moving.update(selection_round=target)
        assert violated_constraint(caught.value) == "courses_offering_topics_stand_tg"
    else:
        moving.update(selection_round=target)
        assert moving.get().selection_round == target
