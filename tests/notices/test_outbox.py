"""The outbox in the administration: state, attempts and last error of every mail, nothing of its notice, and a second try by hand."""

import pytest
from django.urls import reverse

from partyschool.accounts.enums import Role
from partyschool.notices.models import OutgoingMail
from partyschool.notices.services.notices import send_notice
from tests.admin.clients import logged_in
from tests.factories.accounts import City, make_user

pytestmark = pytest.mark.django_db
LIST = "admin:notices_outgoingmail_changelist"


@pytest.fixture
def mail(settings):
    settings.MAIL_ON = True
    reader = make_user(full_name="李收件", email="reader@example.org")
    send_notice(recipients=[reader], event="e", title="机密标题", body="机密内容", by_mail=True)
    OutgoingMail.objects.unscoped("tests").update(state="failed", attempts=8, error="邮件服务器拒收（550）")
    return OutgoingMail.objects.unscoped("tests").get()


def page(mail, name):
    return reverse(f"admin:notices_outgoingmail_{name}", args=[mail.pk])


@pytest.mark.parametrize("role", [Role.STAFF, Role.ADMIN])
def test_outbox_tells_state_attempts_and_error_and_no_word_of_the_notice(mail, role):
    client = logged_in(make_user(role))
    for address in (reverse(LIST), page(mail, "change"), page(mail, "send_again")):
        shown = client.get(address).content.decode()
        assert "李收件" in shown
        assert "邮件服务器拒收（550）" in shown
        assert "机密" not in shown
        assert "reader@example.org" not in shown


@pytest.mark.parametrize("role", [Role.STAFF, Role.ADMIN])
def test_failed_mail_is_sent_again(mail, role):
    client = logged_in(make_user(role))
    assert page(mail, "send_again") in client.get(page(mail, "change")).content.decode()
    answer = client.post(page(mail, "send_again"))
    assert (answer.status_code, answer["Location"]) == (302, page(mail, "change"))
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.error) == ("waiting", 0, "")
    assert page(mail, "send_again") not in client.get(page(mail, "change")).content.decode()
    refused = client.post(page(mail, "send_again"))
    assert refused.status_code == 409
    assert "该邮件并未发送失败" in refused.content.decode()


def test_looking_changes_nothing(mail):
    logged_in(make_user(Role.STAFF)).get(page(mail, "send_again"))
    mail.refresh_from_db()
    assert mail.state == "failed"


def test_auditor_looks_and_does_nothing(mail):
    client = logged_in(make_user(Role.AUDITOR))
    assert client.get(reverse(LIST)).status_code == 200
    assert page(mail, "send_again") not in client.get(page(mail, "change")).content.decode()
    assert client.post(page(mail, "send_again")).status_code == 403
    mail.refresh_from_db()
    assert mail.state == "failed"


@pytest.mark.parametrize("role", [Role.FINANCE, Role.ORGDEPT, Role.OFFICER])
def test_others_stay_outside(mail, role):
    client = logged_in(make_user(role, unit=City().east))
    for address in (reverse(LIST), page(mail, "change"), page(mail, "send_again")):
        assert client.get(address).status_code == 403
    assert client.post(page(mail, "send_again")).status_code == 403
    mail.refresh_from_db()
    assert mail.state == "failed"
