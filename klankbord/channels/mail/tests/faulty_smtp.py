"""A tiny SMTP server that goes wrong where it is told to."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

GOOD = {
    "GREETING": "220 exercise",
    "EHLO": "250 exercise",
    "AUTH": "235 welcome",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "END": "250 taken",
    "QUIT": "221 bye",
}
HANG_UP = ""
SILENT = "silent"
DROP_IN_BODY = "drop in body"


@dataclass
class FaultySmtp:
    """Answers per phase, e.g. ``{"END": HANG_UP}``; ``taken`` holds every mail received up to its final dot."""

    answers: dict[str, str] = field(default_factory=dict)
    taken: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.finished = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finished.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)

    def _serve(self) -> None:
        while not self.finished.is_set():
            try:
                connection, _address = self.listener.accept()
            except OSError:
                return
            with connection:
                try:
                    self._talk(connection)
                except OSError:
                    continue

    def _talk(self, connection: socket.socket) -> None:
        lines = connection.makefile("rb")
        if not self._answer(connection, "GREETING"):
            return
        while line := lines.readline():
            command = line.decode("latin-1").strip()
            self.commands.append(command)
            phase = command.partition(" ")[0].upper()
            if not self._answer(connection, phase):
                return
            if phase == "DATA" and self.answers.get("DATA", "354").startswith("354"):
                if self.answers.get("BODY") == DROP_IN_BODY:
                    return
                body = b""
                while (line := lines.readline()) not in (b".\r\n", b""):
                    body += line
                if line:
                    self.taken.append(body)
                if not self._answer(connection, "END"):
                    return

    def _answer(self, connection: socket.socket, phase: str) -> bool:
        answer = self.answers.get(phase, GOOD.get(phase, "500 what"))
        if answer == SILENT:
            self.finished.wait(10)
            return False
        if answer == HANG_UP:
            return False
        connection.sendall(answer.encode() + b"\r\n")
        return True
