"""Mails go out over a real connection, once, with a link and nothing else; what is refused is tried again, later each time."""

import email
from datetime import timedelta

import pytest

from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.notices.models import Notice, OutgoingMail
from partyschool.notices.services.mails import ATTEMPTS_MOST, NotFailed, resend_mail, send_mails
from partyschool.notices.services.notices import send_notice
from tests.factories.accounts import make_user
from tests.notices.smtp_server import small_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings):
    with small_server() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.MAIL_ON, settings.SITE_URL = True, "https://portal.example.org"
        yield running


@pytest.fixture
def reader():
    return make_user(full_name="金丝雀", email="reader@example.org")


def tell(*people, event="e", by_mail=True):
    send_notice(
        recipients=people,
        event=event,
        title="王某某的考核",
        body="机密内容",
        url="/organisation/packets/7/",
        by_mail=by_mail,
    )


def mails():
    return OutgoingMail.objects.unscoped("tests")


def test_mail_is_a_link_and_nothing_else_and_goes_once(server, reader):
    tell(reader)
    tell(reader)
    assert (send_mails(), send_mails()) == (1, 0)
    (raw,) = server.messages
    message = email.message_from_string(raw)
    text = message.get_payload(decode=True).decode()
    assert "https://portal.example.org/notices/" in text
    header = str(email.header.make_header(email.header.decode_header(message["Subject"])))
    for secret in ("金丝雀", "王某某", "机密", "packets"):
        assert secret not in text + header + raw
    assert message["To"] == "reader@example.org"
    notice = Notice.objects.unscoped("tests").get()
    assert message["Message-ID"] == f"<notice-{notice.pk}@portal.example.org>"
    assert (mails().get().state, mails().get().attempts) == ("sent", 1)


def test_only_who_has_an_address_and_only_where_asked_for(server, reader):
    tell(reader, event="quiet", by_mail=False)
    tell(make_user())
    assert (mails().count(), send_mails()) == (0, 0)


def test_without_a_server_nothing_is_written(settings, reader):
    settings.MAIL_ON = False
    tell(reader)
    assert (mails().count(), send_mails()) == (0, 0)


def test_refused_for_now_is_tried_later_and_fails_in_the_end(server, reader):
    server.answer_to_recipient = "451 later"
    tell(reader)
    now, pauses = clock.now(), []
    for attempt in range(1, ATTEMPTS_MOST + 1):
        assert send_mails(now=now) == 0
        mail = mails().get()
        assert mail.attempts == attempt
        pauses.append(mail.next_at - now)
        assert send_mails(now=now) == 0
        now = mail.next_at
    assert pauses[:3] == [timedelta(minutes=2), timedelta(minutes=4), timedelta(minutes=8)]
    assert (mail.state, mail.error) == ("failed", "邮件服务器暂时拒收（451）")
    assert (len(server.recipients), server.messages) == (ATTEMPTS_MOST, [])


def test_accepted_after_a_refusal(server, reader):
    server.answer_to_recipient = "451 later"
    tell(reader)
    send_mails()
    server.answer_to_recipient = "250 OK"
    assert send_mails(now=mails().get().next_at) == 1
    assert (mails().get().state, mails().get().error) == ("sent", "")


def test_refused_for_good_fails_at_once(server, reader):
    server.answer_to_recipient = "550 reader@example.org is unknown"
    tell(reader)
    assert send_mails() == 0
    assert (mails().get().state, mails().get().error) == ("failed", "邮件服务器拒收（550）")


def test_server_that_hangs_up_half_way_does_not_get_it_twice(server, reader):
    server.silent = True
    tell(reader)
    assert send_mails() == 0
    assert mails().get().state == "failed"
    assert send_mails(now=clock.now() + timedelta(days=1)) == 0
    assert len(server.messages) == 1


def test_unreachable_server_waits(server, settings, reader):
    settings.EMAIL_PORT = 1
    tell(reader, make_user(email="other@example.org"))
    assert send_mails() == 0
    assert set(mails().values_list("state", flat=True)) == {"waiting"}
    settings.EMAIL_PORT = server.port
    assert send_mails(now=clock.now() + timedelta(hours=1)) == 2


def test_sender_that_died_is_not_repeated(server, reader):
    tell(reader)
    mails().update(state="sending", next_at=clock.now() + timedelta(minutes=15))
    assert send_mails() == 0
    assert mails().get().state == "sending"
    assert send_mails(now=clock.now() + timedelta(minutes=16)) == 0
    assert mails().get().state == "failed"
    assert server.messages == []


def test_failed_mail_is_sent_again_by_hand_and_only_such_a_one(server, reader):
    server.answer_to_recipient = "550 no"
    tell(reader)
    send_mails()
    server.answer_to_recipient = "250 OK"
    staff = make_user(Role.STAFF)
    again = resend_mail(mail_id=mails().get().pk, by=staff)
    assert (again.state, again.attempts, again.error) == ("waiting", 0, "")
    with pytest.raises(NotFailed):
        resend_mail(mail_id=again.pk, by=staff)
    assert send_mails() == 1
    with pytest.raises(NotFailed):
        resend_mail(mail_id=again.pk, by=staff)
    event = AuditEvent.objects.unscoped("tests").get(action="mail.resend")
    assert event.data == {"error": "邮件服务器拒收（550）", "attempts": 1}
    assert len(server.messages) == 1
