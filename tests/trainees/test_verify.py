"""Anybody may check a code: what was issued, to whom, in which state, and no person's data."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.factories.trainees import CreditEntryFactory
from trainees.forms import CHECKED_FILE_MOST
from trainees.models import ReportPacket
from trainees.selectors.packets import CODE_ALPHABET, normalised_code

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_files")]


@pytest.fixture
def packet(closed):
    return closed.report_to(closed.city.east)


def bytes_of(file):
    with file.open() as content:
        return content.read()


def url_of(packet):
    return reverse("trainees:verify", args=[packet.code])


def test_code_is_sixteen_unmistakable_characters(packet):
    letters = packet.code.replace("-", "")
    assert (len(letters), packet.code.count("-"), len(packet.code)) == (16, 3, 19)
    assert set(letters) <= set(CODE_ALPHABET)
    assert not set("01OILU") & set(CODE_ALPHABET)


def test_valid_packet_is_shown_without_a_log_in(client, packet, closed):
    response = client.get(url_of(packet))
    shown = response.content.decode()
    assert response.status_code == 200
    for fact in (
        f"两江委校〔{packet.number_year}〕{packet.number}号",
        "东区委组织部",
        packet.notice.sha256,
        packet.annex.sha256,
        "该文件由党校印发，现行有效",
        "2025",
    ):
        assert fact in shown


def test_no_person_is_named(client, packet, closed):
    shown = client.get(url_of(packet)).content.decode()
    for cadre in [*closed.passed.values(), *closed.failed.values(), closed.exempt]:
        assert cadre.name not in shown
        assert cadre.code not in shown
    assert closed.staff.username not in shown
    assert closed.staff.full_name not in shown


@pytest.mark.parametrize(
    "typed", [str.lower, lambda code: code.replace("-", ""), lambda code: f" {code.replace('-', ' ')} "]
)
def test_code_may_be_typed_carelessly(client, packet, typed):
    response = client.get(reverse("trainees:verify", args=[typed(packet.code)]))
    assert response.status_code == 200


def test_full_width_code_is_understood():
    assert (
        normalised_code("\uff21\uff22\uff12\uff13 cd45\u2014\uff25\uff26\uff16\uff17\u00b7gh89")
        == "AB23-CD45-EF67-GH89"
    )


def test_form_leads_to_the_page_of_the_code(client, packet):
    response = client.get(reverse("trainees:verify_form"), {"code": packet.code.lower().replace("-", " ")})
    assert (response.status_code, response["Location"]) == (302, url_of(packet))


@pytest.mark.parametrize("code", ["AAAA-BBBB-CCCC-DDDD", "x", "%00", "<script>", "中文", "9" * 500])
def test_unknown_code_says_what_to_do(client, code):
    response = client.get(reverse("trainees:verify", args=[code]))
    shown = response.content.decode()
    assert response.status_code == 404
    assert "没有此核验码对应的文件" in shown
    assert "请向党校核实" in shown
    assert "<script>" not in shown.replace('<script src="', "")


@pytest.mark.parametrize("typed", ["", "---", " "])
def test_empty_code_stays_on_the_form(client, typed):
    assert client.get(reverse("trainees:verify_form"), {"code": typed}).status_code == 200


def test_superseded_packet_names_its_successor(client, closed):
    packet = closed.preview_to(closed.city.east)
    CreditEntryFactory(
        cadre=closed.failed[closed.city.finance_bureau.pk],
        scheme=closed.scheme,
        amount=60,
        hours=60,
        posted_by=closed.staff,
    )
    closed.close()
    new = closed.preview_to(closed.city.east)
    shown = client.get(url_of(packet)).content.decode()
    assert "已被新文件替代" in shown
    assert f"〔{new.number_year}〕{new.number}号" in shown
    assert url_of(new) in shown


def test_interim_document_names_the_final_one_of_its_recipient_alone(client, closed):
    interim = closed.preview_to(closed.city.east)
    assert "该文件由党校印发，现行有效" in client.get(url_of(interim)).content.decode()
    final = closed.report_to(closed.city.east)
    shown = client.get(url_of(interim)).content.decode()
    assert "最终结果已另行印发" in shown
    assert url_of(final) in shown
    assert url_of(closed.packet_of(closed.city.west)) not in shown


def test_withdrawn_packet_is_called_so(client, packet):
    ReportPacket.objects.unscoped("tests").filter(pk=packet.pk).update(
        state="withdrawn",
        withdrawn_at=packet.issued_at,
        withdrawn_by=packet.issued_by,
        withdrawal_reason="Wrong recipient",
    )
    assert "党校已收回该文件" in client.get(url_of(packet)).content.decode()


@pytest.mark.parametrize(
    ("part", "said"), [("notice", "与党校印发的通报逐字节一致"), ("annex", "与党校印发的附件逐字节一致")]
)
def test_the_very_file_is_recognised(client, packet, part, said):
    content = bytes_of(getattr(packet, part))
    shown = client.post(
        url_of(packet), {"file": SimpleUploadedFile("any name.bin", content)}
    ).content.decode()
    assert said in shown


def test_changed_file_is_told_apart(client, packet):
    content = bytes_of(packet.notice) + b"\n"
    shown = client.post(url_of(packet), {"file": SimpleUploadedFile("a.pdf", content)}).content.decode()
    assert "这不是党校印发的文件" in shown


def test_upload_without_file_or_too_large_is_refused_on_the_page(client, packet):
    assert "这不是党校印发的文件" not in client.post(url_of(packet)).content.decode()
    large = SimpleUploadedFile("a.pdf", b"x" * (CHECKED_FILE_MOST + 1))
    shown = client.post(url_of(packet), {"file": large}).content.decode()
    assert "文件超过20 MB" in shown


def test_upload_needs_the_form_s_token(packet):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    assert strict.post(url_of(packet), {"file": SimpleUploadedFile("a.pdf", b"x")}).status_code == 403


def test_check_costs_two_queries(client, packet, django_assert_num_queries):
    with django_assert_num_queries(2):  # the packet; what corrects it
        assert client.get(url_of(packet)).status_code == 200
