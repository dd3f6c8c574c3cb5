"""Bytes outside the database: written whole before anybody learns of them, and swept away where no row names them."""

import hashlib
import os
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage


def write_whole(name: str, content: bytes) -> str:
    """Store `content` under `name`, all of it or nothing; returns the name it got. Raises `OSError` from the storage."""
    if isinstance(default_storage, FileSystemStorage):
        _write_to_disk(Path(default_storage.path(name)), content)
        return name
    # Object stores show a file only once it is whole.
    return default_storage.save(name, ContentFile(content))


def _write_to_disk(path: Path, content: bytes) -> None:
    """Survives a power cut: the bytes are on the disk before the name is, and the name before the caller goes on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".tmp-{path.name}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as file:  # noqa: PTH123 -- Path.open sets no mode
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def fault_of(storage_name: str, *, size: int, sha256: str) -> str:
    """What is wrong with the stored bytes of a row that records `size` and `sha256`, or '' if they are whole."""
    try:
        with default_storage.open(storage_name, "rb") as stored:
            digest = hashlib.file_digest(stored, "sha256").hexdigest()
            found = stored.tell()
    except FileNotFoundError:
        return f"{storage_name} is missing"
    if found != size:
        return f"{found} bytes stored, {size} recorded"
    return "" if digest == sha256 else "the stored bytes have another SHA-256"


def remove_unnamed(
    *, folders: Iterable[str], named: Callable[[list[str]], set[str]], older_than: datetime
) -> int:
    """Remove what lies in `folders` since before `older_than` and is not among the names that `named` keeps; returns how many."""
    removed = 0
    for folder in folders:
        try:
            names = [f"{folder}/{name}" for name in default_storage.listdir(folder)[1]]
        except FileNotFoundError:
            continue
        kept = named(names)
        for name in names:
            if name not in kept and default_storage.get_modified_time(name) < older_than:
                default_storage.delete(name)
                removed += 1
    return removed
