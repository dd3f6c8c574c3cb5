"""What a page makes of a service's refusal."""

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from partyschool.common.attempts import attempt, denial_of, refusal_status
from partyschool.common.errors import Busy, Full, NotFound, Stale


class _Row:
    read = 0

    def refresh_from_db(self) -> None:
        self.read += 1


@pytest.fixture
def request_() -> HttpRequest:
    return RequestFactory().post("/")


def test_refusal_ends_the_block_is_kept_and_the_row_is_read_again(request_):
    row, steps = _Row(), []
    refusal = Full("all 30 seats are taken")

    with attempt(request_, reread=row):
        steps.append("tried")
        raise refusal
    steps.append("went on")

    assert denial_of(request_) is refusal
    assert steps == ["tried", "went on"]
    assert row.read == 1


def test_what_succeeds_leaves_no_denial_and_reads_nothing_again(request_):
    row = _Row()

    with attempt(request_, reread=row):
        pass

    assert denial_of(request_) is None
    assert row.read == 0


def test_a_fault_is_no_refusal(request_):
    with pytest.raises(ZeroDivisionError), attempt(request_):
        _ = 1 / 0
    assert denial_of(request_) is None


@pytest.mark.parametrize(
    ("error", "status"), [(Full(), 409), (Stale(), 409), (NotFound(), 404), (Busy(), 503)]
)
def test_status_tells_what_kind_of_refusal_it_is(error, status):
    assert refusal_status(error) == status
