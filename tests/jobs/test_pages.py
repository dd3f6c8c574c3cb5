"""The pages about jobs: who sees what, and what they show."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from partyschool.audit.models import AuditEvent
from partyschool.jobs.enums import JobState
from partyschool.jobs.models import Job
from partyschool.jobs.services.files import store_file
from partyschool.jobs.services.leases import claim_job
from partyschool.jobs.services.progress import Heartbeat, Progress
from partyschool.jobs.services.running import _fail
from tests.factories.accounts import make_user
from tests.factories.jobs import fresh, make_job

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def staff():
    return make_user("staff")


@pytest.fixture
def owner():
    return make_user("leader")


@pytest.fixture
def job(owner):
    return make_job(owner, title="<b>年度报告</b>")


@pytest.fixture
def done(job):
    with Progress(claimed := claim_job(job.pk), Heartbeat(claimed)).finishing():
        file = store_file(job=claimed, name="通报.pdf", content_type="application/pdf", content=b"%PDF-1.7")
    return job, file


def address(job, name="detail", **more):
    return reverse(f"jobs:{name}", kwargs={"pk": job.pk, **more})


def test_list_shows_own_jobs_and_staff_all(client, staff, owner, job):
    other = make_job(staff, title="别人的工作")
    client.force_login(owner)
    text = client.get(reverse("jobs:list")).text
    assert "&lt;b&gt;年度报告&lt;/b&gt;" in text
    assert other.title not in text
    client.force_login(staff)
    text = client.get(reverse("jobs:list")).text
    assert other.title in text
    assert "年度报告" in text


def test_list_shows_parents_not_parts_and_filters_by_state(client, staff):
    parent = make_job(staff, title="整套")
    make_job(staff, title="一份", parent=parent)
    client.force_login(staff)
    assert "一份" not in client.get(reverse("jobs:list")).text
    assert "整套" in client.get(reverse("jobs:list"), {"state": "queued"}).text
    assert "整套" not in client.get(reverse("jobs:list"), {"state": "done"}).text
    assert client.get(reverse("jobs:list"), {"state": "'; DROP"}).status_code == 200
    assert client.get(reverse("jobs:list"), {"after": "garbage"}).status_code == 409


def test_list_pages_by_key(client, staff):
    for number in range(31):
        make_job(staff, title=f"工作{number:03}")
    client.force_login(staff)
    first = client.get(reverse("jobs:list"))
    assert "工作030" in first.text
    assert "工作000" not in first.text
    second = client.get(reverse("jobs:list"), {"after": first.context["page"].next_cursor})
    assert [one.title for one in second.context["page"]] == ["工作000"]


@pytest.mark.parametrize("rows", [1, 3])
def test_list_query_count_does_not_depend_on_rows(client, staff, rows, django_assert_num_queries):
    for _ in range(rows):
        make_job(staff)
    client.force_login(staff)
    client.get(reverse("jobs:list"))
    with django_assert_num_queries(5):
        client.get(reverse("jobs:list"))


@pytest.mark.parametrize("parts", [1, 3])
def test_detail_query_count_does_not_depend_on_parts(client, staff, parts, django_assert_num_queries):
    parent = make_job(staff)
    for _ in range(parts):
        make_job(staff, parent=parent)
    client.force_login(staff)
    client.get(address(parent))
    with django_assert_num_queries(6):
        client.get(address(parent))


def test_detail_polls_until_the_job_ended(client, owner, job):
    client.force_login(owner)
    page = client.get(address(job)).text
    assert f'hx-get="{address(job)}" hx-trigger="every 2s"' in page
    assert f'<noscript><a href="{address(job)}">' in page
    with Progress(claimed := claim_job(job.pk), Heartbeat(claimed)).finishing():
        pass
    fragment = client.get(address(job), **HTMX).text
    assert "hx-trigger" not in fragment
    assert "<html" not in fragment
    assert 'hx-swap-oob="true"' in fragment
    assert "100%" in fragment


def test_detail_shows_progress_speed_and_time_left(client, owner, job):
    claimed = claim_job(job.pk)
    Job.objects.unscoped("tests").filter(pk=job.pk).update(
        started_at=now() - timedelta(seconds=60),
        steps_done=30,
        steps_total=90,
        percent=33,
        message="第 30 份",
    )
    client.force_login(owner)
    text = client.get(address(claimed)).text
    assert "33%" in text
    assert "第 30 份" in text
    assert "已完成 30 / 90，约每分钟 30 项，预计还需 " in text.replace("\n", "")


def test_detail_shows_error_and_retry(client, owner, job):
    _fail(claim_job(job.pk), "磁盘满了，请联系管理员。")
    client.force_login(owner)
    text = client.get(address(job)).text
    assert "磁盘满了，请联系管理员。" in text
    assert address(job, "retry") in text
    response = client.post(address(job, "retry"))
    assert (response.status_code, response["Location"]) == (303, address(job))
    assert fresh(job).state == JobState.QUEUED
    assert client.post(address(job, "retry")).status_code == 409


def test_cancel_asks_first(client, owner, job):
    client.force_login(owner)
    assert address(job, "cancel") in client.get(address(job)).text
    question = client.get(address(job, "cancel"))
    assert "确定取消" in question.text
    assert fresh(job).state == JobState.QUEUED
    assert client.post(address(job, "cancel")).status_code == 303
    assert fresh(job).state == JobState.CANCELLED
    assert client.get(address(job, "cancel")).status_code == 409
    assert client.post(address(job, "cancel")).status_code == 409


def test_auditor_reads_and_may_not_touch(client, job):
    client.force_login(make_user("auditor"))
    text = client.get(address(job)).text
    assert "年度报告" in text
    assert address(job, "cancel") not in text
    assert client.get(address(job, "cancel")).status_code == 403
    assert client.post(address(job, "cancel")).status_code == 403
    assert client.post(address(job, "retry")).status_code == 403


@pytest.mark.parametrize("role", ["leader", "finance", "teacher", "trainee", "admin"])
def test_stranger_finds_nothing(client, done, role):
    job, file = done
    client.force_login(make_user(role))
    assert client.get(address(job)).status_code == 404
    assert client.get(address(job, "file", file_id=file.pk)).status_code == 404
    assert client.get(address(job, "cancel")).status_code == 404
    assert client.post(address(job, "retry")).status_code == 404


def test_anonymous_is_sent_to_log_in(client, done):
    job, file = done
    response = client.get(address(job, "file", file_id=file.pk))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("accounts:login"))


def test_download_gives_the_bytes_on_record(client, owner, done):
    job, file = done
    client.force_login(owner)
    assert address(job, "file", file_id=file.pk) in client.get(address(job)).text
    response = client.get(address(job, "file", file_id=file.pk))
    assert b"".join(response) == b"%PDF-1.7"
    assert response["Content-Type"] == "application/pdf"
    assert "filename*=UTF-8''%E9%80%9A%E6%8A%A5.pdf" in response["Content-Disposition"]
    assert response["Content-Security-Policy"].startswith("sandbox")
    assert "no-store" in response["Cache-Control"]
    event = AuditEvent.objects.unscoped("tests").latest("id")
    assert (event.action, event.actor, event.data["sha256"]) == ("file.download", owner, file.sha256)


def test_download_of_a_file_of_another_job_is_not_found(client, owner, done):
    client.force_login(owner)
    assert client.get(address(make_job(owner), "file", file_id=done[1].pk)).status_code == 404


def test_download_of_lost_bytes_tells_so(client, owner, done, tmp_path):
    job, file = done
    (tmp_path / file.storage_name).unlink()
    client.force_login(owner)
    response = client.get(address(job, "file", file_id=file.pk))
    assert response.status_code == 404
    assert "备份" in response.text
    assert AuditEvent.objects.unscoped("tests").latest("id").action == "job.start"
