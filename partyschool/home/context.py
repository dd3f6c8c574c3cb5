"""What every page's frame shows: the school, the reader's menu, unread notices."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from partyschool.accounts.enums import Role
from partyschool.notices.models import Notice

from .menu import menu_for


def portal(request: HttpRequest) -> dict[str, Any]:
    """The names that templates use. What costs something is made when a template shows it: pages of the administration have another frame."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"school_name": settings.SCHOOL_NAME}
    return {
        "school_name": settings.SCHOOL_NAME,
        "portal_roles": SimpleLazyObject(lambda: [Role(role).label for role in sorted(user.scope.roles)]),
        "portal_nav": SimpleLazyObject(lambda: menu_for(user, request.path)),
        "unread_notices": lambda: Notice.objects.visible_to(user).filter(read_at__isnull=True).count(),
    }
