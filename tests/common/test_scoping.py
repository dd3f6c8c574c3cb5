import pytest
from django.core.exceptions import ValidationError

from partyschool.accounts.enums import Role
from partyschool.accounts.models import RoleGrant
from partyschool.accounts.scope import Scope
from partyschool.common import clock
from partyschool.common.scoping import UnscopedRead
from tests.factories.accounts import City, make_unit, make_user
from tests.factories.trainees import CadreFactory, make_trainee
from trainees.models import Cadre

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "read",
    [
        list,
        lambda rows: rows.count(),
        lambda rows: rows.exists(),
        lambda rows: rows.first(),
        lambda rows: rows.get(pk=1),
        lambda rows: rows.in_bulk([1]),
        lambda rows: list(rows.values_list("name")),
        lambda rows: list(rows.iterator()),
        lambda rows: rows.aggregate(),
        lambda rows: rows.update(name="x"),
        lambda rows: rows.delete(),
        lambda rows: list(rows.raw("SELECT * FROM trainees_cadre")),
        lambda rows: repr(rows.filter(name="x").order_by("pk")[:3]),
        lambda rows: bool(rows.exclude(name="x").union(rows.all())),
    ],
)
def test_reading_without_a_named_reader_raises(read):
    with pytest.raises(UnscopedRead):
        read(Cadre.objects.all())


@pytest.mark.parametrize(
    "read",
    [
        lambda mine, all_of_them: list(mine | all_of_them),
        lambda mine, all_of_them: list(all_of_them | mine),
        lambda mine, all_of_them: list(mine.union(all_of_them)),
        lambda mine, all_of_them: list(all_of_them & mine),
        lambda mine, all_of_them: list(mine.raw("SELECT * FROM trainees_cadre")),
    ],
)
def test_a_named_reader_does_not_vouch_for_other_rows(read):
    me = make_trainee()
    with pytest.raises(UnscopedRead):
        read(Cadre.objects.visible_to(me.user), Cadre.objects.all())


def test_what_two_readers_may_see_can_be_joined():
    me, other = make_trainee(), make_trainee()
    both = Cadre.objects.visible_to(me.user) | Cadre.objects.visible_to(other.user)
    assert set(both) == {me, other}


def test_reverse_relations_need_a_reader_too():
    unit = make_unit()
    with pytest.raises(UnscopedRead):
        list(unit.cadres.all())


def test_forward_relations_and_refresh_do_not():
    cadre = CadreFactory()
    cadre.refresh_from_db()
    assert cadre.unit.name


def test_validation_finds_duplicates_outside_the_scope():
    taken = CadreFactory()
    twin = CadreFactory.build(code=taken.code, unit=taken.unit)
    with pytest.raises(ValidationError) as error:
        twin.full_clean()
    assert set(error.value.message_dict) == {"code"}


def test_each_reader_sees_the_own_subtree_and_nobody_else():
    city = City()
    section = make_unit(city.finance_bureau, name="预算科")
    sibling, cousin = CadreFactory(unit=city.culture_bureau), CadreFactory(unit=city.cousin_bureau)
    own, below = CadreFactory(unit=city.finance_bureau), CadreFactory(unit=section)
    me = make_trainee(unit=city.finance_bureau)
    everyone = {own, below, sibling, cousin, me}

    def seen(user):
        return set(Cadre.objects.visible_to(user))

    assert seen(make_user(Role.OFFICER, unit=city.finance_bureau)) == {own, below, me}
    assert seen(make_user(Role.OFFICER, unit=section)) == {below}
    assert seen(make_user(Role.ORGDEPT, unit=city.east)) == {own, below, me, sibling}
    assert seen(make_user(Role.ORGDEPT, unit=city.west)) == {cousin}
    assert seen(make_user(Role.ORGDEPT, unit=city.root)) == everyone
    assert seen(me.user) == {me}
    for role in (Role.STAFF, Role.LEADER, Role.AUDITOR):
        assert seen(make_user(role)) == everyone
    for role in (Role.ADMIN, Role.FINANCE, Role.TEACHER):
        assert seen(make_user(role)) == set()
    assert seen(make_user()) == set()


def test_a_path_prefix_is_no_kinship():
    """Treebeard paths of siblings share a prefix of whole steps only; the second root must not swallow the first."""
    first, second = make_unit(), make_unit()
    cadre = CadreFactory(unit=first)
    assert not Cadre.objects.visible_to(make_user(Role.OFFICER, unit=second)).filter(pk=cadre.pk).exists()


def test_an_expired_or_future_grant_shows_nothing():
    city = City()
    CadreFactory(unit=city.finance_bureau)
    today = clock.school_date()
    for dates in (
        {"valid_from": today.replace(year=today.year + 1)},
        {"valid_from": today.replace(year=2000), "valid_until": today.replace(year=2001)},
    ):
        user = make_user()
        RoleGrant.objects.create(user=user, role=Role.ORGDEPT, unit=city.east, **dates)
        user = type(user).objects.with_grants().get(pk=user.pk)
        assert user.scope == Scope(user.pk)
        assert list(Cadre.objects.visible_to(user)) == []


def test_a_disabled_account_has_no_scope():
    user = make_user(Role.STAFF, is_active=False)
    assert user.scope.roles == frozenset()
    assert not user.has_perm("trainees.view_cadre")


def test_a_unit_bound_grant_without_path_grants_nothing():
    assert Scope.from_grants(
        1, [{"role": "orgdept", "path": None}, {"role": "officer", "path": ""}]
    ) == Scope(1)
