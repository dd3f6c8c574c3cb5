"""What every page's frame shows: the school, the reader's menu, unread notices."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from partyschool.accounts.enums import Role
from partyschool.notices.models import Notice

from .menu import menu_for


def portal(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"school_name": settings.SCHOOL_NAME}
    return {
        "school_name": settings.SCHOOL_NAME,
        "portal_roles": [Role(role).label for role in sorted(user.scope.roles)],
        "portal_nav": menu_for(user, request.path),
        "unread_notices": Notice.objects.visible_to(user).filter(read_at__isnull=True).count,
    }
