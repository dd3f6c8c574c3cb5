"""No figure slips out of a scheme while it is being put in force; and what happens without the guard."""

from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection

from partyschool.accounts.enums import Role
from partyschool.common.locking import violated_constraint
from tests.concurrency.rivals import Gate, compete
from tests.factories.accounts import make_user
from tests.factories.trainees import make_scheme
from trainees.enums import SchemeState
from trainees.models import CreditRequirement, CreditScheme
from trainees.selectors.schemes import faults_of
from trainees.services import schemes
from trainees.services.schemes import put_in_force

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def rush(monkeypatch: Any) -> tuple[CreditScheme, list[Any]]:
    """One finds the scheme complete and puts it in force, while another takes the total of a rank out of it."""
    draft, gate = make_scheme(state=SchemeState.DRAFT), Gate(2)
    monkeypatch.setattr(schemes, "faults_of", gate.wrap(faults_of))
    arrive = gate.wrap(lambda: None)

    def strike() -> str:
        arrive()
        try:
            CreditRequirement.objects.filter(scheme=draft, rank="staff").delete()
        except IntegrityError as refusal:
            return violated_constraint(refusal)
        return "struck"

    outcomes = compete([partial(put_in_force, scheme_id=draft.pk, by=make_user(Role.STAFF)), strike])
    draft.refresh_from_db()
    return draft, outcomes


def test_a_figure_is_struck_before_or_not_at_all(monkeypatch):
    draft, outcomes = rush(monkeypatch)
    assert outcomes[1] == "trainees_creditrequirement_stands_tg"
    assert (draft.state, faults_of(draft)) == ("in_force", [])


def test_without_the_guard_a_scheme_in_force_lacks_a_total(monkeypatch):
    with connection.cursor() as cursor:
        cursor.execute(
            'ALTER TABLE trainees_creditrequirement DISABLE TRIGGER "trainees_creditrequirement_stands_tg"'
        )
    draft, outcomes = rush(monkeypatch)
    assert outcomes[1] == "struck"
    assert draft.state == "in_force"
    assert faults_of(draft) != []
