"""The page of a packet, what is done there, and the check of its code afterwards."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from partyschool.accounts.enums import Role
from tests.factories.accounts import make_user
from tests.factories.packets import Packets, make_packet
from trainees.enums import Edition, PacketState
from trainees.models import PacketReceipt, ReportPacket
from trainees.services.deliveries import deliver_packet, redeliver_packet, withdraw_packet

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_files")]


@pytest.fixture
def world():
    made = Packets()
    made.deliver()
    return made


def log_in(user):
    client = Client()
    client.force_login(user)
    return client


def url(name, packet):
    return reverse(f"trainees:{name}", args=[packet.pk])


def receipts():
    return PacketReceipt.objects.unscoped("tests")


@pytest.mark.parametrize("name", ["packet", "packet_notice", "packet_annex", "packet_manifest"])
def test_opening_or_downloading_is_the_receipt(world, name):
    for _time in range(2):
        answer = log_in(world.reader).get(url(name, world.packet))
        assert answer.status_code == 200
        assert answer.getvalue()
    assert list(receipts().values_list("user", flat=True)) == [world.reader.pk]


def test_asking_for_the_head_is_no_receipt(world):
    assert log_in(world.reader).head(url("packet", world.packet)).status_code == 200
    assert not receipts().exists()


def test_page_shows_files_hashes_and_receipts_to_the_unit_and_to_staff(world):
    log_in(world.reader).get(url("packet", world.packet))
    for reader in (world.reader, world.staff):
        shown = log_in(reader).get(url("packet", world.packet)).content.decode()
        for text in (
            world.packet.notice.sha256,
            world.packet.manifest.sha256,
            "东区组织干事",
            world.packet.code,
        ):
            assert text in shown
    assert url("packet_withdraw", world.packet) in shown


def test_page_offers_deeds_to_staff_alone(world):
    shown = log_in(world.reader).get(url("packet", world.packet)).content.decode()
    assert url("packet_withdraw", world.packet) not in shown
    for name in ("packet_withdraw", "packet_redeliver"):
        assert log_in(world.reader).post(url(name, world.packet), {"reason": "x"}).status_code == 403


@pytest.mark.parametrize("name", ["packet", "packet_notice", "packet_annex", "packet_manifest"])
@pytest.mark.parametrize("unit", ["culture_bureau", "cousin_bureau", "west"])
def test_siblings_and_cousins_do_not_find_it(world, name, unit):
    packet = world.packet_for(world.city.finance_bureau)
    deliver_packet(packet=packet, by=world.staff)
    place = getattr(world.city, unit)
    role = Role.ORGDEPT if unit == "west" else Role.OFFICER
    assert log_in(make_user(role, unit=place)).get(url(name, packet)).status_code == 404
    assert not receipts().exists()


def test_unit_does_not_see_who_received_it_elsewhere(world):
    packet = world.packet_for(world.city.finance_bureau)
    deliver_packet(packet=packet, by=world.staff)
    redeliver_packet(packet_id=packet.pk, unit=world.city.east, reason="机构调整", by=world.staff)
    log_in(world.reader).get(url("packet", packet))
    officer = make_user(Role.OFFICER, unit=world.city.finance_bureau, full_name="财政局干事")
    shown = log_in(officer).get(url("packet", packet)).content.decode()
    assert "财政局干事" in shown
    assert "东区组织干事" not in shown


def test_redelivery_by_form(world):
    packet = world.packet_for(world.city.finance_bureau)
    client = log_in(world.staff)
    form = client.get(url("packet_redeliver", packet)).content.decode()
    assert "东区委组织部" in form
    assert "西区" not in form
    assert "东区文化局" not in form
    refused = client.post(
        url("packet_redeliver", packet), {"unit": world.city.cousin_bureau.pk, "reason": "x"}
    )
    assert refused.status_code == 200
    done = client.post(url("packet_redeliver", packet), {"unit": world.city.east.pk, "reason": "机构调整"})
    assert (done.status_code, done["Location"]) == (303, url("packet", packet))
    assert "机构调整" in client.get(url("packet", packet)).content.decode()


def test_withdrawal_by_form(world):
    client = log_in(world.staff)
    assert client.post(url("packet_withdraw", world.packet), {"reason": " "}).status_code == 200
    done = client.post(url("packet_withdraw", world.packet), {"reason": "数据有误"})
    assert done.status_code == 303
    for reader in (world.staff, world.reader):
        shown = log_in(reader).get(url("packet", world.packet))
        assert "数据有误" in shown.content.decode()
        for name in ("packet_notice", "packet_annex", "packet_manifest"):
            assert log_in(reader).get(url(name, world.packet)).status_code == 409
    job_file = reverse("jobs:file", args=[world.packet.job_id, world.packet.notice_id])
    assert client.get(job_file).status_code == 409
    assert client.post(url("packet_withdraw", world.packet), {"reason": "again"}).status_code == 409


@pytest.mark.parametrize("number", [1, 3])
def test_page_asks_the_same_number_of_queries(world, number):
    packet = world.packet_for(world.city.finance_bureau)
    for unit in [world.city.finance_bureau, world.city.east, world.city.root][:number]:
        if unit == packet.recipient:
            deliver_packet(packet=packet, by=world.staff)
        else:
            redeliver_packet(packet_id=packet.pk, unit=unit, reason="x", by=world.staff)
    client = log_in(world.staff)
    client.get(url("packet", packet))
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url("packet", packet)).status_code == 200
    assert len(asked) == 7, [query["sql"][:120] for query in asked]


# --- the check of a code


def check(packet, **data):
    address = reverse("trainees:verify", args=[packet.code])
    return (Client().post(address, data) if data else Client().get(address)).content.decode()


def test_check_of_a_withdrawn_code_says_so_without_the_reason(world):
    withdraw_packet(packet_id=world.packet.pk, reason="内部原因", by=world.staff)
    shown = check(world.packet)
    assert "学校已收回" in shown or "已收回" in shown
    assert "现行有效" not in shown
    assert "内部原因" not in shown


def test_check_names_corrections_both_ways(world):
    erratum = world.packet_for(world.city.east, edition=Edition.ERRATUM, corrects=world.packet)
    shown = check(world.packet)
    assert reverse("trainees:verify", args=[erratum.code]) in shown
    assert reverse("trainees:verify", args=[world.packet.code]) in check(erratum)
    withdraw_packet(packet_id=erratum.pk, reason="x", by=world.staff)
    assert reverse("trainees:verify", args=[erratum.code]) not in check(world.packet)


def test_check_of_a_superseded_code_whose_successor_was_withdrawn(world):
    old = world.packet
    old.state = PacketState.SUPERSEDED
    old.save(update_fields=["state"])
    new = make_packet(world.city.east, by=world.staff, scheme=world.scheme)
    ReportPacket.objects.unscoped("tests").filter(pk=old.pk).update(superseded_by=new)
    assert "现行文件为" in check(old)
    withdraw_packet(packet_id=new.pk, reason="x", by=world.staff)
    assert "现行文件为" not in check(old)
    assert new.code in check(old)


def test_check_shows_the_kind_of_document(world):
    letter = world.packet_for(world.city.west, doc_type="letter")
    assert "函" in check(letter)


@pytest.mark.parametrize(("part", "words"), [("notice", "通报"), ("annex", "附件"), ("manifest", "清单")])
def test_check_knows_each_file(world, part, words):
    with getattr(world.packet, part).open() as content:
        data = content.read()
    same = check(world.packet, file=SimpleUploadedFile("x", data))
    assert "文件一致" in same
    assert words in same
    other = check(world.packet, file=SimpleUploadedFile("x", data + b"."))
    assert "这不是党校印发的文件" in other
    assert "文件一致" not in other
