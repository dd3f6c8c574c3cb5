"""Files stand whole before anybody learns of them, and what dead attempts left is removed."""

import hashlib
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import InMemoryStorage, default_storage
from django.db import IntegrityError, transaction

from partyschool.common import clock
from partyschool.jobs.models import StoredFile
from partyschool.jobs.services import files
from partyschool.jobs.services.files import ORPHAN_AFTER, OutsideFinishing, remove_orphans, store_file
from partyschool.jobs.services.leases import claim_job
from tests.factories.accounts import make_user
from tests.factories.jobs import make_job

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def job():
    return claim_job(make_job(make_user("staff")).pk)


def on_disk(root):
    return sorted(path.relative_to(root).as_posix() for path in Path(root).rglob("*") if path.is_file())


def test_store_keeps_bytes_name_digest_and_size(job, tmp_path):
    content = os.urandom(100_000)
    file = store_file(job=job, name="2025年度通报.pdf", content_type="application/pdf", content=content)
    assert file.sha256 == hashlib.sha256(content).hexdigest()
    assert file.size == 100_000
    assert (tmp_path / file.storage_name).read_bytes() == content
    assert on_disk(tmp_path) == [file.storage_name]
    assert "通报" not in file.storage_name
    assert (tmp_path / file.storage_name).stat().st_mode & 0o007 == 0


def test_store_one_name_twice_is_refused(job):
    store_file(job=job, name="a", content_type="text/plain", content=b"1")
    with pytest.raises(IntegrityError, match="jobs_storedfile_once_uq"), transaction.atomic():
        store_file(job=job, name="a", content_type="text/plain", content=b"2")
    with StoredFile.objects.get().open() as kept:
        assert kept.read() == b"1"


@pytest.mark.django_db(transaction=True)
def test_store_outside_a_transaction_is_refused(job, tmp_path):
    with pytest.raises(OutsideFinishing):
        store_file(job=job, name="a", content_type="text/plain", content=b"1")
    assert on_disk(tmp_path) == []


def test_store_on_another_back_end(job, settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    }
    assert isinstance(default_storage, InMemoryStorage)
    file = store_file(job=job, name="a", content_type="text/plain", content=b"1")
    with file.open() as kept:
        assert kept.read() == b"1"


def test_full_disk_leaves_no_row(job, tmp_path):
    (tmp_path / files.FOLDER).write_text("a file where the folder should be")
    with pytest.raises(OSError, match="jobs"):
        store_file(job=job, name="a", content_type="text/plain", content=b"1")
    assert StoredFile.objects.count() == 0


def test_remove_orphans_takes_old_bytes_without_a_row_and_nothing_else(job, tmp_path):
    kept = store_file(job=job, name="kept", content_type="text/plain", content=b"1")
    folder = (tmp_path / kept.storage_name).parent
    old, young = folder / ".tmp-old", folder / "young"
    for path in (old, young):
        path.write_bytes(b"x")
    long_ago = (clock.now() - ORPHAN_AFTER - timedelta(minutes=1)).timestamp()
    os.utime(old, (long_ago, long_ago))
    os.utime(folder / kept.storage_name.rpartition("/")[2], (long_ago, long_ago))
    assert remove_orphans() == 1
    assert on_disk(tmp_path) == sorted([kept.storage_name, young.relative_to(tmp_path).as_posix()])
