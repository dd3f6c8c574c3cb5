"""Two tabs leave one receipt; a report is taken back, handed on and asked after once."""

from datetime import timedelta
from functools import partial

import pytest

from tests.concurrency.rivals import Gate, compete
from tests.factories.packets import Packets
from trainees.models import PacketReceipt, ReportPacket
from trainees.services import deliveries
from trainees.services.deliveries import PacketWithdrawn, record_receipt, withdraw_packet
from trainees.services.deliveries_reminders import tend_deliveries

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"
    made = Packets()
    made.deliver()
    return made


def test_two_tabs_of_one_person_leave_one_receipt(world):
    outcomes = compete([partial(record_receipt, packet=world.packet, by=world.reader)] * 8)
    assert sum(len(new) for new in outcomes) == 1
    assert PacketReceipt.objects.unscoped("tests").count() == 1


def test_a_packet_is_taken_back_once(world):
    outcomes = compete([partial(withdraw_packet, packet_id=world.packet.pk, reason="x", by=world.staff)] * 4)
    assert [type(one) for one in outcomes].count(PacketWithdrawn) == 3


def test_twin_without_the_packets_lock_it_is_taken_back_twice(world, monkeypatch):
    """Both find it in force, and both believe that they took it back."""
    gate = Gate(2)
    monkeypatch.setattr(
        deliveries, "lock_row", gate.wrap(lambda model, pk: ReportPacket._base_manager.get(pk=pk))
    )
    outcomes = compete([partial(withdraw_packet, packet_id=world.packet.pk, reason="x", by=world.staff)] * 2)
    assert [type(one) for one in outcomes] == [ReportPacket, ReportPacket]


def test_each_reminder_goes_out_once(world):
    later = world.packet.deliveries.unscoped("tests").get().delivered_at + timedelta(days=6)
    outcomes = compete([partial(tend_deliveries, now=later)] * 4)
    assert sum(one.reminded for one in outcomes) == 1
