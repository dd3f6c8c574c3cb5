"""A job watched in Chromium: it moves by itself, survives a reload, ends with the file, and works without scripts."""

import pytest
from django.conf import settings as configured
from django.test import Client

from partyschool.jobs.services.files import store_file
from partyschool.jobs.services.leases import claim_job
from partyschool.jobs.services.progress import Heartbeat, Progress
from tests.factories.accounts import make_user
from tests.factories.jobs import make_job

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_watched_job_ends_with_its_file(live_server, new_page, settings, tmp_path, phone):
    settings.MEDIA_ROOT = tmp_path
    staff = make_user("staff")
    job = make_job(staff, title="2025 年度通报")
    client = Client()
    client.force_login(staff)
    name = configured.SESSION_COOKIE_NAME
    page = new_page(phone=phone)
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    page.goto(f"{live_server.url}/jobs/{job.pk}/")
    assert page.locator(".tag", has_text="排队中").count() == 1
    claimed = claim_job(job.pk)
    progress = Progress(claimed, Heartbeat(claimed))
    progress.report(40, 100, "第 40 行")
    page.wait_for_selector("text=第 40 行", timeout=10_000)
    page.reload()
    assert page.locator(".progress-percent").inner_text() == "40%"
    with progress.finishing():
        store_file(job=claimed, name="通报.pdf", content_type="application/pdf", content=b"%PDF-1.7")
    link = page.wait_for_selector("text=通报.pdf", timeout=10_000)
    assert page.locator("[hx-trigger]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "通报.pdf"
    assert download.value.path().read_bytes() == b"%PDF-1.7"
