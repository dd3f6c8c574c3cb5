"""Stored files on a store that several machines share, over the real S3 protocol; and the settings that lead there."""

import hashlib
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage, default_storage
from django.test import Client

import trainees.tasks
from partyschool.common import clock
from partyschool.common.storage import fault_of, remove_unnamed, write_whole
from partyschool.files import file_storage
from partyschool.jobs.models import StoredFile
from partyschool.jobs.services.running import run_job
from tests.common.pdf_reading import sound_reader
from tests.factories.certificates import Certified
from tests.factories.requests import make_claim, make_evidence
from tests.s3_server import BUCKET, KEY, SECRET, S3Server
from trainees.services.certificates import issue_certificates, print_certificates

assert trainees.tasks  # with it come the handlers of the jobs
ROOT = Path(configured.BASE_DIR)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with S3Server(tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture
def shared(server, settings, tmp_path):
    """The portal as a machine whose `FILES_URL` names the store; its own disk is another place, and stays empty."""
    settings.MEDIA_ROOT = tmp_path / "own-disk"
    storage = file_storage(server.url, access_key=KEY, secret_key=SECRET)
    settings.STORAGES = {**settings.STORAGES, "default": storage}
    yield server
    assert not (tmp_path / "own-disk").exists()


def on_another_machine(server, name):
    """SHA-256 of a stored file as a process reads it that knows the store's address and nothing else."""
    code = (
        "import django, hashlib, sys; django.setup()\n"
        "from django.core.files.storage import default_storage\n"
        "print(hashlib.sha256(default_storage.open(sys.argv[1], 'rb').read()).hexdigest())"
    )
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "partyschool.settings",
        "FILES_URL": server.url,
        "FILES_ACCESS_KEY": KEY,
        "FILES_SECRET_KEY": SECRET,
        "FILES_ROOT": "/nonexistent",
    }
    done = subprocess.run(
        [sys.executable, "-c", code, name], env=env, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_what_one_machine_stores_another_reads(shared):
    content = os.urandom(300_000)
    name = write_whole("jobs/2026/11/24/a-file", content)
    assert name == "jobs/2026/11/24/a-file"
    assert on_another_machine(shared, name) == hashlib.sha256(content).hexdigest()
    listed = shared.client().list_objects_v2(Bucket=BUCKET, Prefix="portal/jobs/2026/11/24/")
    assert [one["Key"] for one in listed["Contents"]] == ["portal/jobs/2026/11/24/a-file"]


@pytest.mark.django_db
@pytest.mark.needs("fonts")
def test_file_of_a_job_is_made_here_and_handed_out_there(shared, tmp_path):
    world = Certified()
    issue_certificates(offering_id=world.offering.pk, by=world.staff)
    job = print_certificates(offering_id=world.offering.pk, by=world.staff)
    assert run_job(job_id=job.pk) == "done"
    file = StoredFile.objects.get(job=job)
    assert on_another_machine(shared, file.storage_name) == file.sha256
    assert fault_of(file.storage_name, size=file.size, sha256=file.sha256) == ""

    client = Client()
    client.force_login(world.staff)
    answer = client.get(f"/jobs/{job.pk}/files/{file.pk}/")
    assert (answer.status_code, answer["Content-Length"]) == (200, str(file.size))
    assert len(sound_reader(answer.getvalue(), tmp_path).pages) == 3


@pytest.mark.django_db
def test_lost_and_changed_bytes_are_told(shared, client):
    world = Certified()
    file = make_evidence(make_claim(world.own))
    sizes = {"size": file.size, "sha256": file.sha256}
    assert fault_of(file.storage_name, **sizes) == ""
    key = f"portal/{file.storage_name}"
    shared.client().put_object(Bucket=BUCKET, Key=key, Body=b"x" * file.size)
    assert fault_of(file.storage_name, **sizes) == "the stored bytes have another SHA-256"
    shared.client().delete_object(Bucket=BUCKET, Key=key)
    assert fault_of(file.storage_name, **sizes) == f"{file.storage_name} is missing"
    client.force_login(world.staff)
    assert client.get(f"/evidence/{file.pk}/").status_code == 404


def test_left_over_bytes_are_swept_and_named_ones_stay(shared):
    kept, left = write_whole("sweep/a", b"a"), write_whole("sweep/b", b"b")
    gone = remove_unnamed(
        folders=["sweep", "never-was"],
        named=lambda names: {kept} & set(names),
        older_than=clock.now() + timedelta(hours=1),
    )
    assert gone == 1
    assert (default_storage.exists(kept), default_storage.exists(left)) == (True, False)
    assert remove_unnamed(
        folders=["sweep"], named=lambda names: set(), older_than=clock.now() - timedelta(hours=1)
    ) == 0  # fmt: skip


@pytest.mark.django_db
@pytest.mark.needs("fonts")
def test_job_waits_for_a_store_that_cannot_be_reached(settings):
    storage = file_storage("s3://bucket/?endpoint=http://127.0.0.1:1", access_key=KEY, secret_key=SECRET)
    settings.STORAGES = {**settings.STORAGES, "default": storage}
    with pytest.raises(ConnectionError):
        write_whole("jobs/never", b"x")
    world = Certified()
    issue_certificates(offering_id=world.offering.pk, by=world.staff)
    job = print_certificates(offering_id=world.offering.pk, by=world.staff)
    assert run_job(job_id=job.pk) == "queued"


def test_store_that_refuses_is_told_apart(shared, settings):
    storage = file_storage(shared.url.replace(BUCKET, "no-such-bucket"), access_key=KEY, secret_key=SECRET)
    settings.STORAGES = {**settings.STORAGES, "default": storage}
    with pytest.raises(OSError, match="NoSuchBucket") as refused:
        write_whole("jobs/never", b"x")
    assert not isinstance(refused.value, ConnectionError)


# --- settings and house rule ----------------------------------------------------------------------------------------------------------------


def test_without_an_address_files_lie_in_the_folder():
    assert file_storage("", access_key="", secret_key="") == {
        "BACKEND": "django.core.files.storage.FileSystemStorage"
    }
    assert isinstance(default_storage, FileSystemStorage)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x/y",
        "s3://",
        "s3:///prefix",
        "s3://key:secret@bucket/",
        "s3://bucket:9000/",
        "s3://bucket/?colour=red",
    ],
)
def test_address_that_means_nothing_stops_the_start(url):
    with pytest.raises(ImproperlyConfigured):
        file_storage(url, access_key="a", secret_key="b")


def test_half_a_key_stops_the_start():
    with pytest.raises(ImproperlyConfigured):
        file_storage("s3://bucket/", access_key="a", secret_key="")


def test_prefix_and_endpoint_are_taken_over():
    options = file_storage(
        "s3://bucket/a/b?endpoint=https://e:9000&region=r", access_key="k", secret_key="s"
    )["OPTIONS"]
    wanted = {
        "bucket_name": "bucket",
        "location": "a/b",
        "endpoint_url": "https://e:9000",
        "region_name": "r",
    }
    assert {name: options[name] for name in wanted} == wanted
    assert options["client_config"].s3 == {"addressing_style": "path"}


def test_nobody_asks_for_the_path_of_a_stored_file():
    """A stored file has a path on one machine alone; only the writer that makes a folder's files power-proof may know it."""
    asking = re.compile(r"default_storage\.path|\.file\.path|MEDIA_ROOT")
    found = {
        str(path.relative_to(ROOT))
        for app in ("partyschool", "faculty", "courses", "trainees", "budget")
        for path in (ROOT / app).rglob("*.py")
        if asking.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"partyschool/common/storage.py", "partyschool/settings.py"}
