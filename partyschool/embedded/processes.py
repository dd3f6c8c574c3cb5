"""Server processes: started so that they outlive us, waited for, recognised by their titles."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from .accounts import Account
from .errors import EmbeddedServerError
from .places import home

START_SECONDS = 300  # recovery after a crash may take its time; a server that died is reported at once
STOP_SECONDS = 60
LARGEST_LOG = 10 << 20

children: list[subprocess.Popen[bytes]] = []


def launch(name: str, account: Account, args: Sequence[str | Path], text: bytes = b"") -> None:
    """Start a server that outlives us. Its output goes to a file: a daemon would hold a pipe open for ever."""
    log = home() / f"{name.lower()}.log"
    large = log.exists() and log.stat().st_size > LARGEST_LOG
    with log.open("wb" if large else "ab") as output:
        child = account.start(args, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT)
    children.append(child)
    if child.stdin:
        with suppress(BrokenPipeError), child.stdin:  # its death is noticed by wait()
            child.stdin.write(text)


def wait(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Poll until ``condition()``; raise EmbeddedServerError when time is up or a server we just started has died."""
    end = time.monotonic() + seconds
    while not condition():
        for child in list(children):
            if child.poll() is not None:
                children.remove(child)
                if child.returncode:
                    logs = "".join(log.read_text(errors="replace")[-2000:] for log in home().glob("*.log"))
                    raise EmbeddedServerError(
                        f"Waiting for {what}: a server ended with status {child.returncode}.\n{logs}"
                    )
        if time.monotonic() > end:
            raise EmbeddedServerError(f"Waited {seconds:.0f} s in vain for {what}.")
        time.sleep(0.02)


def title(pid: int | str) -> str:
    """Command line of a process; empty when there is none, or only its corpse."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
