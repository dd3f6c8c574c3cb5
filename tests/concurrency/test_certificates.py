"""Two clerks issue the certificates of a class, or revoke one, at the same time."""

from functools import partial

import pytest
from django.db import IntegrityError

from tests.concurrency.rivals import Gate, compete
from tests.factories.certificates import Certified, closed_class
from tests.factories.trainees import CadreFactory
from trainees.models import Certificate, CertificateCounter
from trainees.services import certificates
from trainees.services.certificates import AlreadyRevoked, issue_certificates, revoke_certificate

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True), pytest.mark.needs("fonts")]


@pytest.fixture
def world():
    return Certified()


def numbers():
    return sorted(Certificate.objects.unscoped("tests").values_list("number", flat=True))


def test_a_class_is_certified_once_and_without_gaps(world):
    other = closed_class([CadreFactory(), CadreFactory()], by=world.staff, title="另一个班")
    calls = [
        partial(issue_certificates, offering_id=one.pk, by=world.staff) for one in (world.offering, other) * 3
    ]
    outcomes = compete(calls)
    assert sum(len(one.certificates) for one in outcomes) == 5
    assert numbers() == [1, 2, 3, 4, 5]


def test_twin_without_the_counters_lock_the_database_alone_stops_the_second(world, monkeypatch):
    """Both draw the same numbers for the same places."""
    gate = Gate(2)
    monkeypatch.setattr(
        certificates, "lock_row", gate.wrap(lambda model, pk: CertificateCounter.objects.get(pk=pk))
    )
    with pytest.raises(IntegrityError, match="trainees_certificate_"):
        compete([partial(issue_certificates, offering_id=world.offering.pk, by=world.staff)] * 2)
    assert numbers() == [1, 2, 3]


def test_a_certificate_is_revoked_once(world):
    one = issue_certificates(offering_id=world.offering.pk, by=world.staff).certificates[0]
    outcomes = compete([partial(revoke_certificate, certificate_id=one.pk, reason="x", by=world.staff)] * 4)
    assert [type(one) for one in outcomes].count(AlreadyRevoked) == 3


def test_twin_without_the_certificates_lock_it_is_revoked_twice(world, monkeypatch):
    one = issue_certificates(offering_id=world.offering.pk, by=world.staff).certificates[0]
    gate = Gate(2)
    monkeypatch.setattr(
        certificates, "lock_row", gate.wrap(lambda model, pk: Certificate._base_manager.get(pk=pk))
    )
    outcomes = compete([partial(revoke_certificate, certificate_id=one.pk, reason="x", by=world.staff)] * 2)
    assert [type(one) for one in outcomes] == [Certificate, Certificate]
