"""A mail that failed is put back once, whoever presses the button, and goes out once, whoever sends."""

from functools import partial

import pytest

from partyschool.notices.models import OutgoingMail
from partyschool.notices.services import mails
from partyschool.notices.services.mails import NotFailed, resend_mail
from partyschool.notices.services.notices import send_notice
from tests.concurrency.rivals import Gate, compete
from tests.factories.accounts import make_user

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def failed(settings):
    settings.MAIL_ON = True
    reader = make_user(email="reader@example.org")
    send_notice(recipients=[reader], event="e", title="t", by_mail=True)
    OutgoingMail.objects.unscoped("tests").update(state="failed", attempts=8, error="x")
    return OutgoingMail.objects.unscoped("tests").get()


def test_a_mail_is_put_back_once(failed):
    outcomes = compete([partial(resend_mail, mail_id=failed.pk, by=failed.notice.recipient)] * 4)
    assert [type(one) for one in outcomes].count(NotFailed) == 3


def test_twin_without_the_mails_lock_it_is_put_back_twice(failed, monkeypatch):
    """Both find it failed, and both believe that they put it back."""
    gate = Gate(2)
    monkeypatch.setattr(mails, "lock_row", gate.wrap(lambda model, pk: OutgoingMail._base_manager.get(pk=pk)))
    outcomes = compete([partial(resend_mail, mail_id=failed.pk, by=failed.notice.recipient)] * 2)
    assert [type(one) for one in outcomes] == [OutgoingMail, OutgoingMail]
