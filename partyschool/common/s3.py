"""The store of shared files: faults on the way there read like those of a disk, so that work which meets one is tried again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore import exceptions as boto
from storages.backends.s3 import S3Storage

SERVER_FAULT = 500


@contextmanager
def _as_disk_faults() -> Iterator[None]:
    """Raises `ConnectionError` for a store that cannot be reached or is out of order, another `OSError` for one that refuses."""
    try:
        yield
    except (boto.ConnectionError, boto.HTTPClientError) as error:
        raise ConnectionError(str(error)) from error
    except boto.ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        raise (ConnectionError if status >= SERVER_FAULT else OSError)(str(error)) from error


class SharedStorage(S3Storage):
    """django-storages' S3 back end. A lost file is a `FileNotFoundError`, as it says itself."""

    def _save(self, name: str, content: Any) -> str:
        with _as_disk_faults():
            return str(super()._save(name, content))

    def _open(self, name: str, mode: str = "rb") -> Any:
        with _as_disk_faults():
            return super()._open(name, mode)

    def listdir(self, path: str) -> Any:
        with _as_disk_faults():
            return super().listdir(path)

    def delete(self, name: str) -> None:
        with _as_disk_faults():
            super().delete(name)
