"""Waiting for what other processes do."""

import time
from collections.abc import Callable
from typing import Any

import pytest


def wait_for(condition: Callable[[], Any], seconds: float = 30, what: str = "") -> Any:
    """Poll until ``condition()`` is true and return its value; fail with ``what`` when time is up."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            pytest.fail(f"waited {seconds} s in vain: {what or condition}")
        time.sleep(0.05)
    return value
