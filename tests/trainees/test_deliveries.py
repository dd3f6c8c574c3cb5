"""Packets are delivered, received, asked after, handed on and taken back; each thing once, and by the unit's own people."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import InvalidInput
from partyschool.jobs.services.downloads import hand_out
from partyschool.notices.models import Notice, OutgoingMail
from tests.factories.accounts import make_unit, make_user
from tests.factories.packets import Packets
from trainees.enums import PacketState
from trainees.models import PacketDelivery, PacketReceipt, ReportPacket
from trainees.selectors.deliveries import deliveries_of, eligible_units
from trainees.services.deliveries import (
    AlreadyDelivered,
    NotDeliverable,
    PacketWithdrawn,
    WrongRecipient,
    deliver_packet,
    record_receipt,
    redeliver_packet,
    withdraw_packet,
)
from trainees.services.deliveries_reminders import Chased, tend_deliveries
from trainees.services.unit_merging import merge_units

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.MAIL_ON = True


@pytest.fixture
def world():
    return Packets()


def deliveries():
    return PacketDelivery.objects.unscoped("tests")


def told(event):
    return set(Notice.objects.unscoped("tests").filter(event=event).values_list("recipient", flat=True))


def test_delivery_is_made_once(world):
    first = world.deliver()
    again = deliver_packet(packet=world.packet, by=world.staff)
    assert (again, deliveries().count()) == (first, 1)
    assert (first.unit, first.delivered_by, first.reason) == (world.city.east, world.staff, "")


def test_first_look_of_each_person_of_the_unit_is_a_receipt(world):
    delivery = world.deliver()
    at = clock.now()
    (receipt,) = record_receipt(packet=world.packet, by=world.reader, now=at)
    assert (receipt.delivery, receipt.name, receipt.received_at) == (delivery, "东区组织干事", at)
    assert record_receipt(packet=world.packet, by=world.reader, now=at + timedelta(1)) == []
    assert len(record_receipt(packet=world.packet, by=world.second_reader())) == 1
    assert AuditEvent.objects.unscoped("tests").filter(action="report.receive").count() == 2


@pytest.mark.parametrize("who", ["staff", "leader", "auditor", "cousin", "below", "above", "stranger"])
def test_a_look_of_others_is_no_receipt(world, who):
    world.deliver()
    assert record_receipt(packet=world.packet, by=world.somebody(who)) == []
    assert not PacketReceipt.objects.unscoped("tests").exists()


def test_receipts_stand(world):
    world.deliver()
    (receipt,) = record_receipt(packet=world.packet, by=world.reader)
    for change in (receipt.delete, receipt.save):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_unread_delivery_is_reminded_of_and_reported_once(world):
    delivery = world.deliver()
    start = delivery.delivered_at
    assert tend_deliveries(now=start + timedelta(days=4, hours=23)) == Chased(0, 0)
    assert tend_deliveries(now=start + timedelta(days=5)) == Chased(1, 0)
    assert told(f"report.remind:{delivery.pk}") == {world.reader.pk}
    assert tend_deliveries(now=start + timedelta(days=9)) == Chased(0, 0)
    assert tend_deliveries(now=start + timedelta(days=10)) == Chased(0, 1)
    assert told(f"report.escalate:{delivery.pk}") == {world.staff.pk}
    assert tend_deliveries(now=start + timedelta(days=40)) == Chased(0, 0)
    assert tend_deliveries(now=start + timedelta(days=400)) == Chased(0, 0)


def test_received_and_withdrawn_are_not_reminded_of(world):
    later = world.deliver().delivered_at + timedelta(days=6)
    record_receipt(packet=world.packet, by=world.reader)
    assert tend_deliveries(now=later) == Chased(0, 0)


def test_withdrawn_is_not_reminded_of(world):
    later = world.deliver().delivered_at + timedelta(days=6)
    withdraw_packet(packet_id=world.packet.pk, reason="错误", by=world.staff)
    assert tend_deliveries(now=later) == Chased(0, 0)


def test_unit_below_is_reported_to_its_organisation_department(world):
    packet = world.packet_for(world.city.finance_bureau)
    delivery = deliver_packet(packet=packet, by=world.staff)
    for days in (5, 10):
        tend_deliveries(now=delivery.delivered_at + timedelta(days=days))
    assert told(f"report.escalate:{delivery.pk}") == {world.staff.pk, world.reader.pk}


def test_redelivery_goes_to_units_above(world):
    packet = world.packet_for(world.city.finance_bureau)
    deliver_packet(packet=packet, by=world.staff)
    made = redeliver_packet(packet_id=packet.pk, unit=world.city.east, reason=" 机构改革 ", by=world.staff)
    assert (made.unit, made.reason) == (world.city.east, "机构改革")
    assert told(f"report.deliver:{made.pk}") == {world.reader.pk}
    assert len(record_receipt(packet=packet, by=world.reader)) == 1
    with pytest.raises(AlreadyDelivered):
        redeliver_packet(packet_id=packet.pk, unit=world.city.east, reason="x", by=world.staff)


@pytest.mark.parametrize("where", ["culture_bureau", "cousin_bureau", "west", "finance_bureau"])
def test_redelivery_to_sibling_cousin_or_itself_is_refused(world, where):
    packet = world.packet_for(world.city.finance_bureau)
    with pytest.raises(WrongRecipient):
        redeliver_packet(packet_id=packet.pk, unit=getattr(world.city, where), reason="x", by=world.staff)
    assert not deliveries().exists()


def test_redelivery_downwards_is_refused(world):
    with pytest.raises(WrongRecipient):
        redeliver_packet(
            packet_id=world.packet.pk, unit=world.city.finance_bureau, reason="x", by=world.staff
        )


def test_redelivery_follows_mergers(world):
    packet = world.packet_for(world.city.finance_bureau)
    merge_units(
        unit_id=world.city.finance_bureau.pk,
        into_id=world.city.culture_bureau.pk,
        reason="合并",
        by=world.staff,
    )
    assert world.city.culture_bureau in eligible_units(packet)
    assert world.city.cousin_bureau not in eligible_units(packet)
    officer = make_user(Role.OFFICER, unit=world.city.culture_bureau)
    assert record_receipt(packet=packet, by=officer) == []
    redeliver_packet(packet_id=packet.pk, unit=world.city.culture_bureau, reason="合并", by=world.staff)
    assert packet in ReportPacket.objects.visible_to(officer)
    assert len(record_receipt(packet=packet, by=officer)) == 1


def test_redelivery_shows_the_packet_to_nobody_else(world):
    packet = world.packet_for(world.city.finance_bureau)
    redeliver_packet(packet_id=packet.pk, unit=world.city.east, reason="x", by=world.staff)
    for unit in (world.city.culture_bureau, world.city.cousin_bureau):
        assert packet not in ReportPacket.objects.visible_to(make_user(Role.OFFICER, unit=unit))
    cousin = make_user(Role.ORGDEPT, unit=world.city.west)
    assert packet not in ReportPacket.objects.visible_to(cousin)
    assert deliveries_of(cousin, packet) == []


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_deeds_need_a_reason(world, reason):
    for deed in (
        lambda: withdraw_packet(packet_id=world.packet.pk, reason=reason, by=world.staff),
        lambda: redeliver_packet(packet_id=world.packet.pk, unit=make_unit(), reason=reason, by=world.staff),
    ):
        with pytest.raises(InvalidInput):
            deed()


def test_withdrawn_files_are_handed_out_to_nobody(world):
    world.deliver()
    hand_out(file=world.packet.notice, by=world.reader).file_to_stream.close()
    withdrawn = withdraw_packet(packet_id=world.packet.pk, reason="数据有误", by=world.staff)
    assert (withdrawn.state, withdrawn.withdrawal_reason) == (PacketState.WITHDRAWN, "数据有误")
    for file in (world.packet.notice, world.packet.annex):
        with pytest.raises(PacketWithdrawn):
            hand_out(file=file, by=world.staff)
    assert told(f"report.withdraw:{withdrawn.pk}") == {world.reader.pk}
    assert record_receipt(packet=withdrawn, by=world.second_reader()) == []
    with pytest.raises(PacketWithdrawn):
        withdraw_packet(packet_id=withdrawn.pk, reason="x", by=world.staff)
    with pytest.raises(NotDeliverable):
        redeliver_packet(packet_id=withdrawn.pk, unit=world.city.east, reason="x", by=world.staff)


def test_deeds_ask_for_a_mail_to_those_with_an_address(world):
    world.deliver()
    world.second_reader(email="")
    withdraw_packet(packet_id=world.packet.pk, reason="数据有误", by=world.staff)
    mails = OutgoingMail.objects.unscoped("tests")
    assert set(mails.values_list("notice__recipient", flat=True)) == {world.reader.pk}
