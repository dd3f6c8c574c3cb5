"""Many persistent HTTP connections from a process of their own, as cheap as Python can: raw sockets, ready-made requests.

Reads one JSON plan from standard input: {"port", "connections": [[[path, session, csrf], …], …]}; each connection posts its requests one
after the other. Writes {"seconds", "cpu", "statuses": [[…]], "latencies": […], "denials": {code: number}} with the statuses in the
order of the plan; a refusal (409) that names no denial is counted under "".
"""

import asyncio
import json
import re
import sys
import time
from collections import Counter
from typing import Any

DENIAL = re.compile(rb'data-denial="([a-z_]+)"')


def request_bytes(path: str, session: str, csrf: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nCookie: sessionid={session}; csrftoken={csrf}\r\n"
        f"X-CSRFToken: {csrf}\r\nHX-Request: true\r\nContent-Length: 0\r\n\r\n"
    ).encode()


class Connection(asyncio.Protocol):
    def __init__(self, requests: list[bytes], latencies: list[float], denials: Counter[str]) -> None:
        self.requests, self.latencies, self.denials = requests, latencies, denials
        self.statuses: list[int] = []
        self.done = asyncio.get_running_loop().create_future()
        self.buffer = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def send_next(self) -> None:
        if len(self.statuses) == len(self.requests):
            self.done.set_result(None)
            return
        self.sent = time.perf_counter()
        self.transport.write(self.requests[len(self.statuses)])

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        _name, _found, rest = head.lower().partition(b"\r\ncontent-length:")
        if len(body) < int(rest.partition(b"\r\n")[0] or 0):
            return
        self.latencies.append(time.perf_counter() - self.sent)
        self.statuses.append(int(self.buffer[9:12]))
        if self.statuses[-1] == 409:
            named = DENIAL.search(body)
            self.denials[named[1].decode() if named else ""] += 1
        self.buffer = b""
        self.send_next()


async def run(plan: dict[str, Any]) -> dict[str, Any]:
    loop, latencies, denials = asyncio.get_running_loop(), [], Counter()
    clients: list[Connection] = []
    for requests in plan["connections"]:
        ready = [request_bytes(*one) for one in requests]
        _transport, client = await loop.create_connection(
            lambda ready=ready: Connection(ready, latencies, denials), "127.0.0.1", plan["port"]
        )
        clients.append(client)
    began, cpu = time.perf_counter(), time.process_time()
    for client in clients:
        client.send_next()
    await asyncio.gather(*(client.done for client in clients))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    for client in clients:
        client.transport.close()
    return {
        "seconds": seconds,
        "cpu": cpu,
        "statuses": [client.statuses for client in clients],
        "latencies": latencies,
        "denials": denials,
    }


json.dump(asyncio.run(run(json.load(sys.stdin))), sys.stdout)
