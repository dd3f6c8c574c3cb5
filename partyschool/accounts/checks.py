from collections.abc import Iterator
from typing import Any

from django.core.checks import Error, Tags, register
from django.urls import URLPattern, URLResolver, get_resolver

from .policies import policy_of

# Guarded by AdminSite.has_permission and the model permissions of accounts.permissions.
SELF_GUARDED_NAMESPACES = ("admin",)


def iter_patterns(
    resolver: URLResolver, prefix: str = "", namespaces: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...], URLPattern]]:
    """Every URL pattern below `resolver` as (route, namespaces, pattern)."""
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from iter_patterns(entry, route, inner)
        else:
            yield route, namespaces, entry


@register(Tags.security)
def every_view_declares_its_policy(app_configs: Any, **kwargs: Any) -> list[Error]:
    return [
        Error(
            f"The view of '{route}' declares no policy.",
            hint="Decorate it with accounts.policies.policy.",
            id="accounts.E001",
        )
        for route, namespaces, pattern in iter_patterns(get_resolver())
        if not set(namespaces) & set(SELF_GUARDED_NAMESPACES) and policy_of(pattern.callback) is None
    ]
