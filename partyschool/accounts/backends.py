from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest


class RoleBackend(BaseBackend):
    """Log in by login name and password; the user comes with its grants, in one query."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Any:
        users = get_user_model().objects
        if not username or password is None:
            return None
        user = users.with_grants().filter(username=username).first()
        if user is None:
            # Hash once all the same, so that the answer's time does not tell which names exist.
            get_user_model()().set_password(password)
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: int) -> Any:
        user = get_user_model().objects.with_grants().filter(pk=user_id).first()
        return user if user is not None and user.is_active else None
