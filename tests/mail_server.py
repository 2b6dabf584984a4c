"""A mail server of a few lines for tests: keeps what it took, and can be told to answer otherwise or to fall silent."""

from __future__ import annotations

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from threading import Thread
from typing import Any


class MailServer(socketserver.ThreadingTCPServer):
    """``answers`` replaces the reply to a command; "" closes the connection without one."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answers: dict[str, str] | None = None) -> None:
        self.answers = answers or {}
        self.taken: list[EmailMessage] = []
        self.recipients: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Handler(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 test")
        for line in self.rfile:
            word = line.split()[0].decode().upper() if line.split() else ""
            if not self._say(self.server.answers.get(word, self._usual(word, line))):
                return
            if word == "QUIT":
                return

    def _usual(self, word: str, line: bytes) -> str:
        if word == "RCPT":
            self.server.recipients.append(line.decode().partition("<")[2].partition(">")[0])
        if word != "DATA":
            return "250 ok"
        self._say("354 go on")
        content = b"".join(iter(self.rfile.readline, b".\r\n"))
        answer = self.server.answers.get("END", "250 taken")
        if answer.startswith("250") or not answer:
            message: Any = message_from_bytes(content, policy=default)
            self.server.taken.append(message)
        return answer

    def _say(self, answer: str) -> bool:
        if answer:
            self.wfile.write(f"{answer}\r\n".encode())
        return bool(answer)


@contextmanager
def mail_server(answers: dict[str, str] | None = None) -> Iterator[MailServer]:
    with MailServer(answers) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
