from collections.abc import Callable
from datetime import date
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from courses.enums import OfferingKind
from partyschool.accounts.enums import Role
from tests.factories.accounts import make_unit, make_user
from trainees.enums import CadreCategory, CreditCategory, Rank, SchemeState
from trainees.models import (
    Cadre,
    CreditCap,
    CreditEntry,
    CreditRequirement,
    CreditRule,
    CreditScheme,
    Enrolment,
)


class CadreFactory(DjangoModelFactory):
    """A cadre without a log-in; `make_trainee` adds one."""

    class Meta:
        model = Cadre

    code = factory.Sequence(lambda n: f"C{n:06}")
    name = factory.Sequence(lambda n: f"干部{n}")
    unit = factory.LazyFunction(make_unit)
    rank = Rank.TOWNSHIP_SECTION
    category = CadreCategory.CIVIL_SERVANT
    joined_on = date(2020, 1, 1)


def make_trainee(**fields) -> Cadre:
    """A cadre who can log in as a trainee."""
    return CadreFactory(user=make_user(Role.TRAINEE), **fields)


class EnrolmentFactory(DjangoModelFactory):
    class Meta:
        model = Enrolment

    cadre = factory.SubFactory(CadreFactory)
    created_by = factory.LazyFunction(lambda: make_user(Role.STAFF))


def make_scheme(
    year: int = 2025,
    *,
    version: int = 1,
    state: str = SchemeState.IN_FORCE,
    change: Callable[[CreditScheme], object] | None = None,
    fields: dict[str, object] | None = None,
    **least: int,
) -> CreditScheme:
    """A scheme with a rule per kind, a cap on online study (40), and totals per rank (`least`: rank → credits; default 90).

    The figures of a scheme stand once it is in force: `change` is called with the draft before that, and `fields` are its own.
    """
    scheme = CreditScheme.objects.create(
        year=year, version=version, name=f"{year}年度学分办法", **(fields or {})
    )
    categories = {
        OfferingKind.ELECTIVE: CreditCategory.ELECTIVE,
        OfferingKind.FORUM: CreditCategory.ELECTIVE,
        OfferingKind.ONLINE: CreditCategory.ONLINE,
    }
    for kind in OfferingKind.values:
        category = categories.get(kind, CreditCategory.CONCENTRATED)
        CreditRule.objects.create(scheme=scheme, activity=kind, category=category, rate=Decimal(1))
    CreditCap.objects.create(scheme=scheme, category=CreditCategory.ONLINE, most=Decimal(40))
    for rank in Rank.values:
        CreditRequirement.objects.create(
            scheme=scheme, rank=rank, category="", least=Decimal(least.get(rank, 90))
        )
    if change:
        change(scheme)
    for step in {SchemeState.DRAFT: (), SchemeState.IN_FORCE: ("in_force",)}.get(state, ("in_force", state)):
        scheme.state = step
        scheme.save(update_fields=["state"])
    return scheme


class CreditEntryFactory(DjangoModelFactory):
    """Credits of 8 class-hours from an own source each."""

    class Meta:
        model = CreditEntry

    year = 2025
    amount = Decimal(8)
    hours = Decimal(8)
    source_kind = "enrolment"
    source_ref = factory.Sequence(lambda n: f"made:{n}")
    cadre = factory.SubFactory(CadreFactory)
    category = CreditCategory.CONCENTRATED
    earned_on = date(2025, 6, 2)
    posted_by = factory.LazyFunction(lambda: make_user(Role.STAFF))
