"""The page on which a selection round is set up, and those beside it."""

from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.enums import RoundMode, RoundState
from courses.models import Offering, RoundOpening, SeatCount, SeatReservation, SelectionRound, UnitQuota
from partyschool.common.errors import Stale
from tests.admin.round_forms import address, deeds, drafted, split, topic_of
from tests.factories.courses import OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory

pytestmark = pytest.mark.django_db(transaction=True)


class Sent(HTMLParser):
    """What a browser would send back for a page as it stands; empty rows of tables are left out, as its script does."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, Any] = {}
        self.name = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        name = found.get("name") or ""
        if "__prefix__" in name:
            return
        if tag == "input" and name:
            if found.get("type") == "checkbox":
                if "checked" in found:
                    self.fields.setdefault(name, []).append(found.get("value") or "on")
            elif found.get("type") != "submit":
                self.fields[name] = found.get("value") or ""
        elif tag in {"select", "textarea"} and name:
            self.name = name
        elif tag == "option" and self.name and "selected" in found:
            self.fields.setdefault(self.name, []).append(found.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"select", "textarea"}:
            self.name = ""


def form_of(client: Any, found: SelectionRound) -> dict[str, Any]:
    return Sent(client.get(address("change", found)).content.decode()).fields


def with_row(sent: dict[str, Any], table: str, **values: Any) -> dict[str, Any]:
    """The form with one more row in a table."""
    number = int(sent[f"{table}-TOTAL_FORMS"])
    row = {f"{table}-{number}-{name}": value for name, value in values.items()}
    return {**sent, f"{table}-TOTAL_FORMS": number + 1, **row}


def save(client: Any, found: SelectionRound, sent: dict[str, Any]) -> Any:
    return client.post(address("change", found), sent)


def faults(answer: Any) -> dict[str, Any]:
    """Errors by field, those of rows as `prefix-number-field`."""
    assert answer.status_code == 200
    said = dict(answer.context["adminform"].form.errors)
    for inline in answer.context["inline_admin_formsets"]:
        formset = inline.formset
        if formset.is_bound:
            said |= {f"{formset.prefix}-all": formset.non_form_errors()} if formset.non_form_errors() else {}
            for form in formset.forms:
                said |= {f"{form.prefix}-{name}": errors for name, errors in form.errors.items()}
    return said


@pytest.fixture
def draft(city) -> SelectionRound:
    return drafted()


@pytest.fixture
def topic(draft) -> Offering:
    return topic_of(draft)


def test_everything_of_a_round_is_saved_on_one_page(staff_client, draft, topic, city):
    sent = form_of(staff_client, draft)
    early = draft.opens_at + timedelta(hours=2)
    sent |= {"name": "秋季选学", "max_picks": 3, "min_picks": 1, "waiting": "offer", "offer_hours": 12}
    sent |= {
        "ranks": ["staff"],
        "units": [city.east.pk],
        **split("change_closes_at", draft.closes_at + timedelta(days=2)),
    }
    sent |= {"offerings-0-capacity": 20, "offerings-0-least": 5}
    sent = with_row(sent, "openings", unit=city.finance_bureau.pk, **split("opens_at", early))
    sent = with_row(sent, "seatreservations", offering=topic.pk, name="基层", ranks=["staff"], seats=12)
    sent = with_row(sent, "unitquotas", offering=topic.pk, unit=city.culture_bureau.pk, most=4)
    answer = save(staff_client, draft, sent)
    assert answer.status_code == 302, faults(answer)
    draft.refresh_from_db()
    assert (draft.name, draft.min_picks, draft.max_picks, draft.waiting, draft.offer_hours) == (
        "秋季选学",
        1,
        3,
        "offer",
        12,
    )
    assert (draft.ranks, list(draft.units.all())) == (["staff"], [city.east])
    assert [(one.unit, one.opens_at) for one in draft.openings.all()] == [
        (city.finance_bureau, early.replace(microsecond=0))
    ]
    seats = SeatCount.objects.get(pk=topic.pk)
    topic.refresh_from_db()
    assert (seats.capacity, seats.reserved, seats.quotas, topic.least) == (20, 12, 1, 5)
    assert set(deeds()) == {
        "round.set_openings",
        "offering.set_least",
        "offering.set_capacity",
        "offering.set_reservations",
        "offering.set_quotas",
        "selectionround.change",
    }
    # The page as it stands changes nothing.
    before = deeds()
    again = save(staff_client, draft, form_of(staff_client, draft))
    assert again.status_code == 302, faults(again)
    draft.refresh_from_db()
    assert (list(draft.offerings.all()), deeds()) == ([topic], before)


def test_mistakes_are_told_at_their_fields(staff_client, draft, topic, city):
    EnrolmentFactory.create_batch(3, offering=topic, cadre__unit=city.finance_bureau)
    sent = form_of(staff_client, draft)
    sent |= {"min_picks": 5, "offer_hours": 0, **split("closes_at", draft.opens_at - timedelta(days=1))}
    sent |= {"offerings-0-capacity": 2}
    sent = with_row(sent, "seatreservations", offering=topic.pk, name="基层", seats=9)
    sent = with_row(sent, "unitquotas", offering=topic.pk, unit=city.east.pk, most=4)
    said = faults(save(staff_client, draft, sent))
    assert said.keys() == {
        "min_picks",
        "offer_hours",
        "closes_at",
        "offerings-0-capacity",
        "seatreservations-0-seats",
        "unitquotas-0-offering",
    }
    assert "7" in str(said["seatreservations-0-seats"])
    assert (deeds(), SeatReservation.objects.count()) == ([], 0)


def test_openings_lie_before_the_close_and_once_for_each_unit(staff_client, draft, city):
    sent = form_of(staff_client, draft)
    late = with_row(
        sent, "openings", unit=city.east.pk, **split("opens_at", draft.closes_at + timedelta(hours=1))
    )
    assert faults(save(staff_client, draft, late)).keys() == {"openings-0-opens_at"}
    twice = with_row(sent, "openings", unit=city.east.pk, **split("opens_at", draft.opens_at))
    twice = with_row(twice, "openings", unit=city.east.pk, **split("opens_at", draft.opens_at))
    assert save(staff_client, draft, twice).status_code == 200
    assert not RoundOpening.objects.exists()


def test_more_seats_and_more_reserved_in_one_go(staff_client, draft, topic):
    row = SeatReservation.objects.create(offering=topic, name="基层", seats=4)
    sent = form_of(staff_client, draft) | {"offerings-0-capacity": 30, "seatreservations-0-seats": 25}
    assert save(staff_client, draft, sent).status_code == 302
    row.refresh_from_db()
    assert (row.seats, SeatCount.objects.get(pk=topic.pk).reserved) == (25, 25)
    fewer = form_of(staff_client, draft) | {"offerings-0-capacity": 6, "seatreservations-0-seats": 5}
    assert save(staff_client, draft, fewer).status_code == 302
    assert SeatCount.objects.get(pk=topic.pk).capacity == 6


def test_used_reservations_keep_their_group_and_stay(staff_client, draft, topic, city):
    row = SeatReservation.objects.create(offering=topic, name="财政", unit=city.finance_bureau, seats=4)
    EnrolmentFactory(offering=topic, cadre=CadreFactory(unit=city.finance_bureau))
    sent = form_of(staff_client, draft)
    other = faults(save(staff_client, draft, sent | {"seatreservations-0-unit": city.east.pk}))
    assert other.keys() == {"seatreservations-0-unit"}
    none = faults(save(staff_client, draft, sent | {"seatreservations-0-seats": 0}))
    assert none.keys() == {"seatreservations-0-seats"}
    gone = faults(save(staff_client, draft, sent | {"seatreservations-0-DELETE": "on"}))
    assert gone.keys() == {"seatreservations-all"}
    row.refresh_from_db()
    assert (row.unit, row.seats) == (city.finance_bureau, 4)


def test_rows_are_struck_out(staff_client, draft, topic, city):
    SeatReservation.objects.create(offering=topic, name="基层", seats=4)
    UnitQuota.objects.create(offering=topic, unit=city.east, most=2)
    RoundOpening.objects.create(selection_round=draft, unit=city.east, opens_at=draft.opens_at)
    sent = form_of(staff_client, draft)
    sent |= {f"{table}-0-DELETE": "on" for table in ("seatreservations", "unitquotas", "openings")}
    answer = save(staff_client, draft, sent)
    assert answer.status_code == 302, faults(answer)
    seats = SeatCount.objects.get(pk=topic.pk)
    assert (seats.reserved, seats.quotas, RoundOpening.objects.count()) == (0, 0, 0)


def test_a_row_for_a_topic_of_another_round_is_refused(staff_client, draft, topic):
    stranger = OfferingFactory(selection_round=SelectionRoundFactory())
    sent = with_row(form_of(staff_client, draft), "seatreservations", offering=stranger.pk, name="x", seats=1)
    assert faults(save(staff_client, draft, sent)).keys() == {"seatreservations-0-offering"}


@pytest.mark.parametrize("rows", [1, 3])
def test_page_asks_the_same_number_of_queries(staff_client, draft, topic, city, rows):
    units = [city.finance_bureau, city.culture_bureau, city.cousin_bureau]
    for number in range(rows):
        SeatReservation.objects.create(offering=topic, name=f"组{number}", unit=units[number], seats=1)
        UnitQuota.objects.create(offering=topic, unit=units[number], most=2)
        RoundOpening.objects.create(selection_round=draft, unit=units[number], opens_at=draft.opens_at)
    for number in range(rows - 1):
        OfferingFactory(selection_round=draft, title=f"专题{number}")
    staff_client.get(address("change", draft))
    with CaptureQueriesContext(connection) as asked:
        assert staff_client.get(address("change", draft)).status_code == 200
    assert len(asked) == PAGE_QUERIES, [query["sql"][:160] for query in asked]


# Session and user, the round (twice: the buttons ask for its state), units admitted and to choose from, topics to choose from and
# chosen, openings, topics, reservations and quotas with their choice of topics each.
PAGE_QUERIES = 13

# -- what an open round still takes


def test_open_round_takes_a_later_end_and_seats_and_nothing_else(staff_client, draft, topic, city):
    RoundOpening.objects.create(selection_round=draft, unit=city.east, opens_at=draft.opens_at)
    SelectionRound.objects.filter(pk=draft.pk).update(state=RoundState.OPEN)
    sent = form_of(staff_client, draft)
    assert not {"mode", "opens_at_0", "max_picks", "units", "openings-0-unit"} & sent.keys()
    hidden = {"max_picks": 99, "mode": "draw", "units": [city.east.pk], "openings-0-DELETE": "on"}
    later = draft.closes_at + timedelta(days=1)
    answer = save(
        staff_client, draft, sent | hidden | split("closes_at", later) | {"offerings-0-capacity": 40}
    )
    assert answer.status_code == 302, faults(answer)
    stored = SelectionRound.objects.get(pk=draft.pk)
    assert (stored.closes_at, stored.max_picks, stored.mode) == (
        later.replace(microsecond=0),
        2,
        "first_come",
    )
    assert (stored.openings.count(), stored.units.count(), SeatCount.objects.get(pk=topic.pk).capacity) == (
        1,
        0,
        40,
    )
    sooner = split("closes_at", later - timedelta(hours=3))
    assert faults(save(staff_client, draft, form_of(staff_client, draft) | sooner)).keys() == {"closes_at"}


def test_sealed_draw_stands_still(staff_client, draft, topic):
    SeatReservation.objects.create(offering=topic, name="基层", ranks=["staff"], seats=4)
    SelectionRound.objects.filter(pk=draft.pk).update(
        mode=RoundMode.DRAW, state=RoundState.SEALED, seed_hash="0" * 64, preferences_hash="1" * 64
    )
    page = staff_client.get(address("change", draft)).content.decode()
    sent = Sent(page).fields
    assert not {"offerings-0-capacity", "seatreservations-0-seats", "mechanism", "closes_at_0"} & sent.keys()
    assert "0" * 64 in page
    posted = save(
        staff_client,
        draft,
        sent | {"offerings-0-capacity": 99, "seatreservations-0-seats": 1, "mechanism": "by_time"},
    )
    assert posted.status_code == 302, faults(posted)
    seats = SeatCount.objects.get(pk=topic.pk)
    draft.refresh_from_db()
    assert (seats.capacity, seats.reserved, draft.mechanism) == (10, 4, "random_serial")


def test_round_that_was_opened_meanwhile_is_told(staff_client, draft, topic):
    sent = form_of(staff_client, draft)
    SelectionRound.objects.filter(pk=draft.pk).update(state=RoundState.OPEN, name="改了名")
    answer = save(staff_client, draft, sent | {"name": "我的名"})
    text = answer.content.decode()
    assert (answer.status_code, str(Stale.title) in text) == (200, True)
    assert 'value="我的名"' in text


def test_seats_changed_meanwhile_are_told(staff_client, draft, topic):
    sent = form_of(staff_client, draft)
    SeatCount.objects.filter(pk=topic.pk).update(capacity=11)
    answer = save(staff_client, draft, sent | {"offerings-0-least": 3})
    assert (answer.status_code, str(Stale.title) in answer.content.decode()) == (200, True)
    SeatCount.objects.filter(pk=topic.pk).update(capacity=10)
    row = SeatReservation.objects.create(offering=topic, name="基层", seats=4)
    sent = form_of(staff_client, draft)
    SeatReservation.objects.filter(pk=row.pk).update(seats=5)
    stale = save(staff_client, draft, sent | {"name": "我的名"})
    assert (stale.status_code, str(Stale.title) in stale.content.decode()) == (200, True)
    assert SelectionRound.objects.get(pk=draft.pk).name == "第一轮"
