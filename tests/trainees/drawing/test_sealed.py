"""One text for one draw: there and back, and every broken text refused with the place of the fault."""

import hashlib
import json
from contextlib import suppress
from dataclasses import replace

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from courses.enums import Mechanism
from tests.trainees.drawing.draws import SEED, any_draw, draw_of, someone
from trainees.rules.drawing import (
    MECHANISMS,
    Quota,
    Reservation,
    SealedDrawInvalid,
    Topic,
    commit,
    fingerprint,
    new_seed,
    parse,
    seal,
)

GOOD = draw_of(
    [
        Topic(2, "B", "乡村振兴", 9),
        Topic(10, "A", "Topic", 4, 1, (Reservation(5, "women", 1),), (Quota(6, "unit", 2),)),
    ],
    [someone(2, 10, 2, most=2, picks=1, pools={10: (5,)}, quotas={10: 6}, barred={2: "clash"}), someone(1)],
    conflicts=((2, 10),),
)


@given(draw=any_draw())
@settings(max_examples=100, deadline=None)
def test_a_text_read_and_sealed_again_is_the_same(draw):
    text = seal(draw)
    assert seal(parse(text)) == text


@given(data=st.data(), draw=any_draw())
@settings(max_examples=60, deadline=None)
def test_the_order_of_lists_does_not_show_in_the_text(data, draw):
    shuffled = replace(
        draw,
        topics=tuple(data.draw(st.permutations(draw.topics))),
        participants=tuple(data.draw(st.permutations(draw.participants))),
        conflicts=tuple((other, one) for one, other in reversed(draw.conflicts)),
    )
    assert seal(shuffled) == seal(draw)


def test_the_text_is_this_one():
    assert seal(GOOD) == (
        '{"conflicts":[[2,10]],"format":1,"max_picks":9,"mechanism":"random_serial","participants":['
        '{"at":"","barred":{},"group":0,"most":1,"picks":0,"pools":{},"quotas":{},"ranking":[],"ticket":"000000000001"},'
        '{"at":"2026-03-01T08:02:00.000000Z","barred":{"2":"clash"},"group":0,"most":2,"picks":1,"pools":{"10":[5]},'
        '"quotas":{"10":6},"ranking":[10,2],"ticket":"000000000002"}],"place_non_voters":false,'
        f'"round":{{"name":"Spring","number":7}},"seed_hash":"{commit(SEED)}","topics":['
        '{"code":"B","id":2,"least":0,"quotas":[],"reserved":[],"seats":9,"title":"乡村振兴"},'
        '{"code":"A","id":10,"least":1,"quotas":[{"id":6,"most":2,"name":"unit"}],'
        '"reserved":[{"id":5,"name":"women","seats":1}],"seats":4,"title":"Topic"}]}'
    )
    assert fingerprint("乡") == hashlib.sha256("乡".encode()).hexdigest()


def test_the_names_of_mechanisms_are_those_of_the_rounds():
    assert set(MECHANISMS) == set(Mechanism.values)


@pytest.mark.django_db
def test_the_database_commits_to_a_seed_in_the_same_way():
    seed = new_seed()
    with connection.cursor() as cursor:
        cursor.execute("SELECT encode(sha256(convert_to(%s, 'UTF8')), 'hex')", [seed])
        assert cursor.fetchone() == (commit(seed),)
    assert len({new_seed() for _one in range(50)} | {seed}) == 51


def changed(path, value):
    """The good text with another value at the path; `...` takes the key away."""
    data = json.loads(seal(GOOD))
    spot = data
    for step in path[:-1]:
        spot = spot[step]
    if value is ...:
        del spot[path[-1]]
    else:
        spot[path[-1]] = value
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


RANKER = ("participants", 1)
FAULTS = [
    (("format",), 2, "format"),
    (("format",), True, "format"),
    (("format",), ..., "format"),
    (("round", "number"), -1, "round.number"),
    (("round", "name"), None, "round.name"),
    (("round", "by"), "x", "round"),
    (("mechanism",), "dice", "mechanism"),
    (("seed_hash",), "AB", "seed_hash"),
    (("max_picks",), 0, "max_picks"),
    (("max_picks",), 1.0, "max_picks"),
    (("max_picks",), 2**63, "max_picks"),
    (("place_non_voters",), 1, "place_non_voters"),
    (("topics",), {}, "topics"),
    (("topics", 0), [], "topics[0]"),
    (("topics", 0, "code"), "", "topics[0].code"),
    (("topics", 0, "id"), 10, "topics[1].id"),
    (("topics", 0, "seats"), True, "topics[0].seats"),
    (("topics", 1, "seats"), 0, "topics[1].reserved"),
    (("topics", 1, "reserved", 0, "seats"), "1", "topics[1].reserved[0].seats"),
    (("topics", 1, "quotas", 0, "most"), -2, "topics[1].quotas[0].most"),
    (("conflicts", 0), [2, 3], "conflicts[0]"),
    (("conflicts", 0), [2, 2], "conflicts[0]"),
    (("conflicts", 0), [2], "conflicts[0]"),
    (("conflicts",), [[2, 10], [10, 2]], "conflicts[1]"),
    ((*RANKER, "ticket"), "000000000001", "participants[1].ticket"),
    ((*RANKER, "ticket"), "00000000000G", "participants[1].ticket"),
    ((*RANKER, "name"), "Someone", "participants[1]"),
    ((*RANKER, "group"), ..., "participants[1]"),
    ((*RANKER, "ranking"), [10, 10], "participants[1].ranking[1]"),
    ((*RANKER, "ranking"), [10, 3], "participants[1].ranking[1]"),
    ((*RANKER, "ranking"), [], "participants[1].at"),
    ((*RANKER, "at"), "", "participants[1].at"),
    ((*RANKER, "at"), "2026-03-01T08:02:00Z", "participants[1].at"),
    ((*RANKER, "at"), "2026-03-01T08:02:00.000000+08:00", "participants[1].at"),
    ((*RANKER, "picks"), 8, "participants[1].most"),
    ((*RANKER, "barred"), {"2": "Clash!"}, "participants[1].barred.2"),
    ((*RANKER, "barred"), {"3": "clash"}, "participants[1].barred.3"),
    ((*RANKER, "barred"), {"x": "clash"}, "participants[1].barred"),
    ((*RANKER, "barred"), {"02": "clash"}, "participants[1].barred"),
    (("conflicts", 0), [10, 2], "conflicts[0]"),
    ((*RANKER, "ticket"), "000000000000", "participants"),
    ((*RANKER, "pools"), {"10": []}, "participants[1].pools.10"),
    ((*RANKER, "pools"), {"10": [5, 5]}, "participants[1].pools.10"),
    ((*RANKER, "pools"), {"2": [5]}, "participants[1].pools.2"),
    ((*RANKER, "quotas"), {"10": 5}, "participants[1].quotas.10"),
]


@pytest.mark.parametrize(("path", "value", "where"), FAULTS)
def test_a_broken_draw_is_refused_with_the_place(path, value, where):
    with pytest.raises(SealedDrawInvalid) as refused:
        parse(changed(path, value))
    assert refused.value.where == where


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        "[" * 100_000,
        "NaN",
        '"\ud800"',
        seal(GOOD) + "\n",
        seal(GOOD).replace("乡", "\\u4e61"),
        seal(GOOD).replace('"format":1', '"format":1,"format":1'),
        json.dumps(json.loads(seal(GOOD)), ensure_ascii=False, sort_keys=True),
        json.dumps(json.loads(seal(GOOD)), ensure_ascii=False, separators=(",", ":"))[::-1],
    ],
)
def test_another_text_than_the_canonical_one_is_refused(text):
    with pytest.raises(SealedDrawInvalid) as refused:
        parse(text)
    assert refused.value.where == "text"


def test_unsorted_lists_are_refused():
    data = json.loads(seal(GOOD))
    data["participants"].reverse()
    with pytest.raises(SealedDrawInvalid, match="canonical"):
        parse(json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


@given(text=st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_no_text_at_all_breaks_the_reading_in_another_way(text):
    with pytest.raises(SealedDrawInvalid):
        parse(text)


@given(data=st.data())
@settings(max_examples=200)
def test_no_value_anywhere_breaks_the_reading_in_another_way(data):
    """Any JSON value in any place: read, or refused as every fault is."""
    spot, path = json.loads(seal(GOOD)), []
    while isinstance(spot, dict | list) and spot and (not path or data.draw(st.booleans())):
        keys = list(spot) if isinstance(spot, dict) else range(len(spot))
        path.append(data.draw(st.sampled_from(list(keys))))
        spot = spot[path[-1]]
    value = data.draw(
        st.sampled_from([None, -1, 0.5, "", "x", [], [[]], {}, {"1": 1}, True, 2**70, [1, "a"]])
    )
    with suppress(SealedDrawInvalid):
        parse(changed(path, value))


def test_a_draw_that_contradicts_itself_is_not_sealed():
    with pytest.raises(SealedDrawInvalid) as refused:
        seal(replace(GOOD, conflicts=((2, 99),)))
    assert refused.value.where == "conflicts[0]"
