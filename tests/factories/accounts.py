import factory
from factory.django import DjangoModelFactory

from partyschool.accounts.enums import Role, UnitKind
from partyschool.accounts.models import RoleGrant, Unit, User
from partyschool.common import clock


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"user{n}")
    full_name = factory.Sequence(lambda n: f"用户{n}")
    email = ""


def make_user(*roles: str, unit: Unit | None = None, **fields) -> User:
    """A user who holds `roles` from the beginning of time; unit-bound ones for `unit`."""
    user = UserFactory(**fields)
    for role in roles:
        RoleGrant.objects.create(
            user=user,
            role=role,
            unit=unit if role in {Role.OFFICER, Role.ORGDEPT} else None,
            valid_from=clock.school_date().replace(year=2000),
        )
    return User.objects.with_grants().get(pk=user.pk)


def make_unit(
    parent: Unit | None = None, *, kind: str = UnitKind.BUREAU, name: str = "", code: str = ""
) -> Unit:
    """A unit below `parent` (or a root)."""
    number = Unit.objects.count() + 1
    fields = {"code": code or f"U{number:04}", "name": name or f"单位{number}", "kind": kind}
    return Unit.objects.add_child(parent, fields) if parent else Unit.objects.add_root(fields)


class City:
    """A small tree: two organisation departments; the first has two sibling units, the second one (their cousin)."""

    def __init__(self) -> None:
        self.root = make_unit(kind=UnitKind.CITY, name="市")
        self.east = make_unit(self.root, kind=UnitKind.ORG_DEPARTMENT, name="东区委组织部")
        self.west = make_unit(self.root, kind=UnitKind.ORG_DEPARTMENT, name="西区委组织部")
        self.finance_bureau = make_unit(self.east, name="东区财政局")
        self.culture_bureau = make_unit(self.east, name="东区文化局")
        self.cousin_bureau = make_unit(self.west, name="西区财政局")
