from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from budget.enums import FundSource, Purpose
from budget.models import BudgetLine, LineBalance


class BudgetLineFactory(DjangoModelFactory):
    """A line of 2025 with `approved` yuan (default 10,000)."""

    class Meta:
        model = BudgetLine
        skip_postgeneration_save = True

    year = 2025
    code = factory.Sequence(lambda n: f"L{n:03}")
    name = factory.Sequence(lambda n: f"经费{n}")
    purpose = Purpose.TRAINING
    source = FundSource.FISCAL

    @factory.post_generation
    def approved(self, create: bool, extracted: Decimal | None, **kwargs: object) -> None:
        if create:
            LineBalance.objects.create(line=self, approved=Decimal(10000) if extracted is None else extracted)
