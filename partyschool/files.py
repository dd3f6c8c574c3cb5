"""Where stored files lie: a folder, or an object store that every machine reaches. Read by the settings alone."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import ImproperlyConfigured

OPTIONS = frozenset({"endpoint", "region", "addressing"})


def file_storage(url: str, *, access_key: str, secret_key: str) -> dict[str, Any]:
    """`STORAGES["default"]` for a `FILES_URL`.

    Empty: the folder `FILES_ROOT`. `s3://bucket/prefix?endpoint=https://store.example:9000&region=…&addressing=path|virtual`: a store that
    speaks the S3 protocol; without `endpoint` the one of the provider that the region belongs to. Files are private there: people get
    them through the portal alone, which asks who they are.

    Raises `ImproperlyConfigured` for another scheme, a missing bucket, an unknown option, or keys that are not given together.
    """
    if not url:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    parts = urlsplit(url)
    given = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if parts.scheme != "s3" or not parts.hostname or parts.username or parts.port:
        raise ImproperlyConfigured(
            "FILES_URL reads s3://bucket/prefix?endpoint=…&region=…; keys have variables of their own."
        )
    if unknown := set(given) - OPTIONS:
        raise ImproperlyConfigured(f"FILES_URL has unknown options: {', '.join(sorted(unknown))}.")
    if bool(access_key) != bool(secret_key):
        raise ImproperlyConfigured("FILES_ACCESS_KEY and FILES_SECRET_KEY are given together or not at all.")
    from botocore.config import Config  # noqa: PLC0415 -- half a second of every start, where files lie in a folder for nothing

    options = {
        "bucket_name": parts.netloc,
        "location": parts.path.strip("/"),
        "endpoint_url": given.get("endpoint") or None,
        "region_name": given.get("region") or None,
        "access_key": access_key or None,
        "secret_key": secret_key or None,
        "default_acl": None,
        # Names are never used twice, so nobody need ask the store whether one is free.
        "file_overwrite": True,
        "client_config": Config(
            signature_version="s3v4",
            s3={"addressing_style": given.get("addressing", "path" if given.get("endpoint") else "auto")},
            connect_timeout=5,
            read_timeout=60,
            retries={"max_attempts": 4, "mode": "standard"},
            # Checksums of one provider that other stores do not know; every file's SHA-256 is in the database.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    }
    return {"BACKEND": "partyschool.common.s3.SharedStorage", "OPTIONS": options}
