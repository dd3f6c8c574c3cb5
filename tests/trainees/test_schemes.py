"""Schemes: what stands once it is in force, what cannot be put in force, what a copy takes along."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from courses.enums import OfferingKind
from partyschool.common.locking import violated_constraint
from tests.factories.trainees import make_scheme
from trainees.enums import CreditCategory, PenaltyCause, Rank, RecognisedActivity, SchemeState
from trainees.models import CreditScheme
from trainees.selectors.schemes import faults_of, scheme_page
from trainees.services.schemes import FIGURES, NotDraft, SchemeUnsound, copy_scheme, put_in_force

pytestmark = pytest.mark.django_db
C, E, N, O = CreditCategory  # noqa: E741 -- concentrated, elective, online, other


def full(scheme):
    """One row of every kind."""
    scheme.rules.create(
        activity=RecognisedActivity.PAPER_CITY, category=O, basis="item", rate=12, most=Decimal(24)
    )
    scheme.requirements.create(rank=Rank.STAFF, category=C, least=20)
    scheme.shares.create(category=C, least=Decimal("0.5"))
    scheme.penalties.create(cause=PenaltyCause.LATE, credits=1)


def refusal(deed):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        deed()
    return violated_constraint(caught.value)


@pytest.mark.parametrize("state", [SchemeState.IN_FORCE, SchemeState.RETIRED])
def test_figures_stand_once_the_scheme_is_in_force(state):
    scheme, draft = make_scheme(state=state, change=full), make_scheme(2026, state="draft", change=full)
    for model in FIGURES:
        row = model.objects.filter(scheme=scheme)[:1].get()
        open_row = model.objects.filter(scheme=draft)[:1].get()
        rows = model.objects.filter(pk=row.pk)
        broken = f"{model._meta.db_table}_stands_tg"
        assert refusal(lambda rows=rows: rows.update(scheme=draft)) == broken
        assert refusal(rows.delete) == broken
        assert (
            refusal(lambda one=open_row: type(one).objects.filter(pk=one.pk).update(scheme=scheme)) == broken
        )
        open_row.pk, open_row.scheme, open_row._state.adding = None, scheme, True
        assert refusal(open_row.save) == broken


def test_figures_of_a_draft_are_free():
    scheme = make_scheme(state="draft", change=full)
    for model in FIGURES:
        assert model.objects.filter(scheme=scheme).delete()[0]


def test_a_scheme_in_force_keeps_its_own_figures_and_only_retires():
    scheme = make_scheme()
    rows = CreditScheme.objects.filter(pk=scheme.pk)
    for change in (
        {"missed_limit": 0},
        {"name": "x"},
        {"excellent_factor": 2},
        {"conduct_least": 1},
        {"year": 2020},
    ):
        assert refusal(lambda change=change: rows.update(**change)) == "trainees_creditscheme_stands_tg"
    assert refusal(lambda: rows.update(state="draft")) == "trainees_creditscheme_state_moves_tg"
    rows.update(state="retired")
    assert refusal(lambda: rows.update(state="in_force")) == "trainees_creditscheme_state_moves_tg"
    draft = CreditScheme.objects.filter(pk=make_scheme(2026, state="draft").pk)
    assert refusal(lambda: draft.update(state="retired")) == "trainees_creditscheme_state_moves_tg"


def test_a_copy_takes_everything_along(staff):
    fields = {
        "missed_limit": Decimal("0.2"),
        "carry_category": E,
        "carry_most": Decimal(20),
        "excellent_factor": Decimal("1.2"),
        "conduct_least": Decimal(60),
        "source": "文件",
    }
    source = make_scheme(change=full, fields=fields)
    copy = copy_scheme(scheme_id=source.pk, by=staff)
    copy.refresh_from_db()
    assert (copy.state, copy.version, copy.year) == ("draft", 2, 2025)
    for name in fields:
        assert (
            getattr(copy, name) == getattr(source, name) != CreditScheme._meta.get_field(name).get_default()
        )
    for model in FIGURES:
        kept = [field.attname for field in model._meta.concrete_fields if field.name not in {"id", "scheme"}]
        rows = [
            sorted(map(str, model.objects.filter(scheme=one).values_list(*kept))) for one in (source, copy)
        ]
        assert rows[0] == rows[1] != []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda one: one.rules.filter(activity=OfferingKind.FORUM).delete(), "论坛"),
        (lambda one: one.requirements.filter(rank=Rank.STAFF).delete(), "科员"),
        (lambda one: one.requirements.create(rank=Rank.STAFF, category=N, least=50), "50"),
        (lambda one: one.requirements.create(rank=Rank.STAFF, category=O, least=5), "其他学习"),
        (lambda one: [one.shares.create(category=c, least=Decimal("0.6")) for c in (C, E)], "比例"),
        (lambda one: one.shares.create(category=N, least=Decimal("0.5")), "50%"),
        (lambda one: [one.caps.create(category=c, most=20) for c in (C, E)], "80"),
    ],
    ids=["rate", "total", "cap", "nothing earns it", "shares", "share of cap", "total of caps"],
)
def test_a_scheme_that_lacks_or_contradicts_is_refused_by_name(staff, change, named):
    scheme = make_scheme(state="draft", change=change)
    with pytest.raises(SchemeUnsound) as refused:
        put_in_force(scheme_id=scheme.pk, by=staff)
    assert named in refused.value.facts
    scheme.refresh_from_db()
    assert scheme.state == "draft"


def test_an_excellent_that_nobody_can_reach_is_named():
    scheme = make_scheme(
        state="draft",
        change=lambda one: [one.caps.create(category=c, most=30) for c in (C, E)],
        fields={"excellent_factor": Decimal("1.2")},
    )
    assert len(faults_of(scheme)) == 3


def test_a_sound_draft_is_put_in_force_and_the_one_before_retires(staff):
    old, new = make_scheme(), make_scheme(version=2, state="draft", change=full)
    assert put_in_force(scheme_id=new.pk, by=staff).state == "in_force"
    old.refresh_from_db()
    assert old.state == "retired"
    with pytest.raises(NotDraft):
        put_in_force(scheme_id=new.pk, by=staff)


def test_the_page_of_a_scheme_takes_three_queries(django_assert_num_queries):
    scheme = make_scheme(change=full)
    with django_assert_num_queries(3):
        page = scheme_page(scheme)
        assert (len(page.offered), len(page.claimed), len(page.penalties)) == (7, 1, 1)
        assert [total for _rank, total in page.totals] == [90] * 3
        assert [line.cap for line in page.categories] == [None, None, 40, None]
        assert page.faults == []
