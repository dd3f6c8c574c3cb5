from typing import Any

from django.test import Client


def logged_in(user: Any) -> Client:
    """A client logged in as `user`, without paying for a password hash."""
    client = Client()
    client.force_login(user)
    return client
