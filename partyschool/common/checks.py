"""What a real installation must not leave at its default."""

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register(checks.Tags.security, deploy=True)
def keys_are_set(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Keys that outlive `SECRET_KEY` are set by themselves."""
    return [
        checks.Error(
            f"{name} is not set, so it hangs on SECRET_KEY.",
            hint="Set it before the first real record: docs/operations.md, Keys.",
            id="common.E001",
        )
        for name in settings.DERIVED_KEYS
    ]


@checks.register(checks.Tags.urls, deploy=True)
def documents_name_a_real_address(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """The address in QR codes is one that readers can open."""
    if not settings.SITE_URL.startswith("https://"):
        return [
            checks.Warning(
                f"SITE_URL is {settings.SITE_URL}: printed documents would lead their readers there.",
                hint="Set it to the portal's public https:// address.",
                id="common.W001",
            )
        ]
    return []
