"""A small mail server that speaks SMTP over a real socket, and refuses or hangs up where a test wants it."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class SmallServer(socketserver.ThreadingTCPServer):
    """`messages` are what it took; `answer_to_recipient` is what it says to RCPT; with `silent` it hangs up in the middle of the mail."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.messages: list[str] = []
        self.recipients: list[str] = []
        self.answer_to_recipient = "250 OK"
        self.silent = False

    @property
    def port(self) -> int:
        return self.server_address[1]


class _Conversation(socketserver.StreamRequestHandler):
    server: SmallServer

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self._say("220 test")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "QUIT":
                self._say("221 bye")
                return
            if verb == "RCPT":
                self.server.recipients.append(line)
                self._say(self.server.answer_to_recipient)
            elif verb == "DATA":
                self._say("354 go on")
                if not self._take():
                    return
            else:
                self._say("250 OK")

    def _take(self) -> bool:
        lines: list[str] = []
        while (line := self.rfile.readline().decode()).rstrip("\r\n") != ".":
            lines.append(line)
        self.server.messages.append("".join(lines))
        if not self.server.silent:
            self._say("250 taken")
        return not self.server.silent


@contextmanager
def small_server() -> Iterator[Any]:
    """Run the server on a free port."""
    with SmallServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)
