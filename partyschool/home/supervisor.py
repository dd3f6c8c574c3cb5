"""Runs the processes of one machine: all of them or none."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import FrameType

STOP_SECONDS = 20
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


class Supervisor:
    """Starts named processes, watches them, and stops every one of them when one dies or a signal asks for it."""

    def __init__(self) -> None:
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._stopping = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start a process in a session of its own: Ctrl-C reaches us alone, and we stop the rest in order."""
        self._processes[name] = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - we have no threads
        )

    def wait(self, until: Callable[[], bool] | None = None, seconds: float = float("inf")) -> str | None:
        """Watch until ``until()`` holds, a signal comes, or ``seconds`` are over; returns the name of a process that died."""
        end = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < end and not (until and until()):
            for name, process in self._processes.items():
                if process.poll() is not None:
                    return f"{name} (status {process.returncode})"
            time.sleep(0.2)
        return None

    @property
    def stopping(self) -> bool:
        """Whether a signal has asked us to stop."""
        return self._stopping

    def stop(self) -> None:
        """End every process and its children: politely first, then by force. Last started, first stopped."""
        for process in reversed(self._processes.values()):
            if process.poll() is None:
                process.terminate()
        end = time.monotonic() + STOP_SECONDS
        for process in self._processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0, end - time.monotonic()))
            # What is left of its session: a child that outlived its parent, or all of it.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _end_with_parent() -> None:
    """Have the kernel end this process when the supervisor dies, even by kill -9."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
