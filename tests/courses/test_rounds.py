"""Opening and closing rounds, publishing offerings, setting their seats."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation

from courses.enums import OfferingState, RoundState
from courses.models import RoundOpening, SeatCount
from courses.services.offerings import publish_offering, set_capacity
from courses.services.rounds import close_round, open_round
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, NotFound, WrongState
from partyschool.jobs.enums import JobState
from partyschool.jobs.models import Job
from partyschool.jobs.registry import handler_of
from partyschool.jobs.services.running import run_job
from partyschool.notices.models import Notice
from tests.factories.accounts import City, make_user
from tests.factories.courses import OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import EnrolmentFactory, make_trainee
from trainees import tasks
from trainees.enums import Rank

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def staff() -> Any:
    return make_user(Role.STAFF)


@pytest.fixture
def draft() -> Any:
    return SelectionRoundFactory(state=RoundState.DRAFT, name="Spring")


def record() -> list[tuple[str, str, dict]]:
    events = AuditEvent.objects.unscoped("test").order_by("pk")
    return [(event.action, event.subject, event.data) for event in events]


def told() -> list[str]:
    notices = Notice.objects.unscoped("test").order_by("recipient__username")
    return [notice.recipient.username for notice in notices.select_related("recipient")]


def run_telling(found: Any) -> None:
    """Run the job that the opening has started, as a worker does."""
    assert handler_of("tell_round") is tasks.tell_round
    job = Job.objects.unscoped("test").get(kind="tell_round", key=str(found.pk), state=JobState.QUEUED)
    assert run_job(job_id=job.pk) == JobState.DONE


def test_open_round_tells_those_who_may_pick_once(draft, staff):
    city = City()
    draft.ranks = [Rank.TOWNSHIP_SECTION]
    draft.save()
    draft.units.add(city.east)
    OfferingFactory(selection_round=draft)
    able = make_trainee(unit=city.finance_bureau).user
    make_trainee(unit=city.cousin_bureau)
    make_trainee(unit=city.culture_bureau, rank=Rank.STAFF)
    open_round(round_id=draft.pk, by=staff)
    draft.refresh_from_db()
    assert draft.state == RoundState.OPEN
    assert told() == []  # not within the request
    opened = ("round.open", f"courses.selectionround:{draft.pk}", {"before": "draft", "topics": 1})
    assert opened in record()
    run_telling(draft)
    assert told() == [able.username]
    close_round(round_id=draft.pk, by=staff)
    open_round(round_id=draft.pk, by=staff)
    run_telling(draft)
    assert told() == [able.username]


def test_each_is_told_the_opening_of_the_nearest_unit(draft, staff):
    city = City()
    OfferingFactory(selection_round=draft)
    people = {
        unit: make_trainee(unit=unit).user
        for unit in (city.finance_bureau, city.culture_bureau, city.cousin_bureau)
    }
    times = {
        city.east: draft.opens_at + timedelta(hours=1),
        city.finance_bureau: draft.opens_at + timedelta(hours=2),
    }
    for unit, opens_at in times.items():
        RoundOpening.objects.create(selection_round=draft, unit=unit, opens_at=opens_at)
    open_round(round_id=draft.pk, by=staff)
    run_telling(draft)
    said = {notice.recipient_id: notice.body for notice in Notice.objects.unscoped("test")}
    hours = {city.finance_bureau: 2, city.culture_bureau: 1, city.cousin_bureau: 0}
    with translation.override(settings.LANGUAGE_CODE):
        for unit, user in people.items():
            assert clock.in_words(draft.opens_at + timedelta(hours=hours[unit])) in said[user.pk]
    assert len(said) == 3


@pytest.mark.parametrize(
    ("mechanism", "words"), [("by_time", "先排先得"), ("random_serial", "先后不影响结果")]
)
def test_draw_is_told_as_one(draft, staff, mechanism, words):
    draft.mode, draft.mechanism, draft.opens_at = "draw", mechanism, clock.now() + timedelta(hours=1)
    draft.save()
    OfferingFactory(selection_round=draft)
    make_trainee()
    open_round(round_id=draft.pk, by=staff)
    run_telling(draft)
    assert words in Notice.objects.unscoped("test").get().body


@pytest.mark.parametrize("lack", ["nothing", "planned only", "no seats"])
def test_open_round_without_topics_is_refused(draft, staff, lack):
    if lack == "planned only":
        OfferingFactory(selection_round=draft, state=OfferingState.PLANNED)
    elif lack == "no seats":
        OfferingFactory(selection_round=draft, capacity=0)
    with pytest.raises(WrongState, match="The round “Spring” has no published topic with seats"):
        open_round(round_id=draft.pk, by=staff)
    assert record() == []


def test_open_round_whose_end_has_passed_is_refused(draft, staff):
    OfferingFactory(selection_round=draft)
    with pytest.raises(WrongState, match="ended on"):
        open_round(round_id=draft.pk, by=staff, now=draft.closes_at)
    open_round(round_id=draft.pk, by=staff, now=draft.closes_at - timedelta(seconds=1))


def test_open_round_twice_is_refused_and_closed_may_open_again(draft, staff):
    OfferingFactory(selection_round=draft)
    open_round(round_id=draft.pk, by=staff)
    with pytest.raises(WrongState, match="is open already"):
        open_round(round_id=draft.pk, by=staff)
    close_round(round_id=draft.pk, by=staff)
    with pytest.raises(WrongState, match="is not open"):
        close_round(round_id=draft.pk, by=staff)
    open_round(round_id=draft.pk, by=staff)
    moves = [action for action, *_rest in record() if action.startswith("round.")]
    assert moves == ["round.open", "round.close", "round.open"]


def test_round_and_offering_unknown_are_not_found(staff):
    for refused in (
        lambda: open_round(round_id=999, by=staff),
        lambda: close_round(round_id=999, by=staff),
        lambda: publish_offering(offering_id=999, by=staff),
        lambda: set_capacity(offering_id=999, capacity=1, by=staff),
    ):
        with pytest.raises(NotFound, match="999"):
            refused()


def test_set_capacity_below_the_taken_seats_is_refused_with_the_number(staff):
    offering = OfferingFactory(capacity=5, title="Topic")
    EnrolmentFactory.create_batch(3, offering=offering)
    with pytest.raises(InvalidInput, match="3 people are enrolled in “Topic” already; 2 seats are too few"):
        set_capacity(offering_id=offering.pk, capacity=2, by=staff)
    set_capacity(offering_id=offering.pk, capacity=3, by=staff)
    seats = SeatCount.objects.get(pk=offering.pk)
    assert (seats.capacity, seats.taken) == (3, 3)
    subject = f"courses.offering:{offering.pk}"
    assert record() == [("offering.set_capacity", subject, {"before": 5, "after": 3})]


def test_set_capacity_of_a_closed_offering_or_to_less_than_none_is_refused(staff):
    offering = OfferingFactory()
    with pytest.raises(InvalidInput, match="-1 is not a number of seats"):
        set_capacity(offering_id=offering.pk, capacity=-1, by=staff)
    SeatCount.objects.filter(pk=offering.pk).update(frozen=True)
    with pytest.raises(WrongState, match="do not change any more"):
        set_capacity(offering_id=offering.pk, capacity=40, by=staff)


def test_set_capacity_makes_the_first_seats(staff):
    offering = OfferingFactory(state=OfferingState.PLANNED)
    SeatCount.objects.filter(pk=offering.pk).delete()
    with pytest.raises(WrongState, match="has no seats yet"):
        publish_offering(offering_id=offering.pk, by=staff)
    set_capacity(offering_id=offering.pk, capacity=8, by=staff)
    publish_offering(offering_id=offering.pk, by=staff)
    offering.refresh_from_db()
    assert (offering.state, offering.seats.capacity) == (OfferingState.PUBLISHED, 8)
    with pytest.raises(WrongState, match="is Published already"):
        publish_offering(offering_id=offering.pk, by=staff)
    assert [action for action, *_rest in record()] == ["offering.set_capacity", "offering.publish"]
