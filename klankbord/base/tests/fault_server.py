"""A tiny HTTP server on loopback that answers exactly what a test tells it to, faults included."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

Script = Callable[[socket.socket, bytes], None]


def reply(status: int = 200, body: bytes = b"{}", **headers: str) -> Script:
    """Answer in order; header names are written with underscores."""
    lines = [f"HTTP/1.1 {status} Exercise", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    raw = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    return lambda connection, request: connection.sendall(raw)


def raw(*pieces: bytes, pause: float = 0.0) -> Script:
    """Send these pieces as they are, with a pause before each, then hang up."""

    def script(connection: socket.socket, request: bytes) -> None:
        for piece in pieces:
            time.sleep(pause)
            connection.sendall(piece)

    return script


class FaultServer:
    """Plays one script per connection, the last one for ever; remembers what it was asked."""

    def __init__(self, *scripts: Script, family: int = socket.AF_INET) -> None:
        self.requests: list[bytes] = []
        self._scripts = list(scripts)
        self._socket = socket.create_server(("127.0.0.1", 0), family=family)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Closing alone does not wake a thread that waits in accept.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                try:
                    request = _read_request(connection)
                    self.requests.append(request)
                    script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
                    script(connection, request)
                except OSError:
                    continue


def _read_request(connection: socket.socket) -> bytes:
    """Head and body of one request, by its Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
