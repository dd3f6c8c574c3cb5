"""What many tests of trainees stand on: a city, people, a closed year, one language, files of one's own, books that agree."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from partyschool.accounts.enums import Role
from partyschool.accounts.models import User
from partyschool.common.integrity import all_checks
from tests.factories.accounts import City, make_user
from tests.factories.reports import ClosedYear


@pytest.fixture
def city() -> City:
    return City()


@pytest.fixture
def staff() -> User:
    return make_user(Role.STAFF)


@pytest.fixture
def closed() -> ClosedYear:
    return ClosedYear()


@pytest.fixture
def as_user(client: Client) -> Callable[..., User]:
    """Logs somebody with these roles in, and says who it is."""

    def log_in(*roles: Role, unit: Any = None) -> User:
        user = make_user(*roles, unit=unit)
        client.force_login(user)
        return user

    return log_in


@pytest.fixture
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def agreeing_books(db: None) -> Iterator[None]:
    """Whatever a test did, lines and seats agree in the end."""
    yield
    assert [fault for name in ("trainees.waiting", "trainees.seats") for fault in all_checks()[name]()] == []
