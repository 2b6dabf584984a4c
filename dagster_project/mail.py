"""Notices handed to the office's mail server: one connection, short waits, and a trace of every attempt.

What is sent and to whom was written before (``notices``). A server that does not answer is asked again later; one
that took a message, or may have taken it, is not asked for the same notice again. What is old by then is left for
people to hand over, or to send on purpose.
"""

from __future__ import annotations

import mimetypes
import smtplib
import ssl
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.errors import UsageError
from dagster_project.ledger.notices import (
    FAILED,
    REFUSED,
    SENT,
    UNKNOWN,
    UNMADE,
    WrittenNotice,
    end_attempt,
    list_notices,
    start_attempt,
)
from dagster_project.ledger.store import open_ledger
from dagster_project.notices import SENT_WITHIN, TEXT_FILE

if TYPE_CHECKING:
    from pydantic import SecretStr

    from dagster_project.pipeline import Desk
    from dagster_project.settings import Mail, Settings

_PERMANENT = 500


@dataclass(frozen=True)
class Sent:
    """What came of one notice: its outcome (``ledger.notices``) and what the server or the network said."""

    notice: WrittenNotice
    outcome: str
    detail: str


def waiting(desk: Desk) -> list[WrittenNotice]:
    """Notices that a mail server may be asked to take, none of them old; none where no server is set."""
    if desk.settings.office.mail is None or not desk.settings.has_ledger:
        return []
    notices = list_notices(open_ledger(desk.settings.ledger))
    return [item for item in notices if item.is_unsent and not is_old(item, desk.now())]


def left_over(desk: Desk) -> list[WrittenNotice]:
    """Notices with an address that were not sent in time: to be handed over by hand, or sent by their numbers."""
    notices = list_notices(open_ledger(desk.settings.ledger))
    return [item for item in notices if item.is_unsent and is_old(item, desk.now())]


def is_old(notice: WrittenNotice, now: datetime) -> bool:
    """Whether a notice is too old at ``now`` (aware) to be sent by itself."""
    return now - notice.written_at > SENT_WITHIN


def is_time(desk: Desk, notices: Sequence[WrittenNotice]) -> bool:
    """Whether to ask the server now: after a failure it is left alone for 5 minutes, then 10, 20, … up to 6 hours."""
    failed = [item for item in notices if item.outcome == FAILED and item.tried_at]
    if not failed:
        return bool(notices)
    last = max(item.tried_at for item in failed if item.tried_at)
    tries = max(item.attempts for item in failed)
    return desk.now() >= last + min(timedelta(minutes=5 * 2 ** min(tries - 1, 10)), timedelta(hours=6))


def send_waiting(desk: Desk, numbers: Sequence[int] = ()) -> list[Sent]:
    """Hand what is waiting to the mail server, or the notices ``numbers`` whatever became of them before.

    A server that does not answer fails them all at once, after one wait. Raises ``UsageError`` where no server is set
    or its password may not be used, and for a number that is no notice with an address.
    """
    mail = desk.settings.office.mail
    if mail is None:
        raise UsageError("notices.no_mail", file=desk.folder.settings)
    password = _password(desk.settings, mail)
    ledger = open_ledger(desk.settings.ledger)
    chosen = _named(list_notices(ledger), numbers) if numbers else waiting(desk)
    if not chosen:
        return []
    done: list[Sent] = []
    try:
        with _connected(mail, password) as server:
            for notice in chosen:
                content, fault = _content(mail, desk.folder.root / notice.folder, notice)
                started = start_attempt(ledger, notice, desk.now())
                if started is None:
                    continue
                outcome, detail = (UNMADE, fault) if fault else _hand_over(server, mail, notice, content)
                end_attempt(ledger, started, outcome, detail, desk.now())
                done.append(Sent(notice, outcome, detail))
    except (OSError, smtplib.SMTPException) as error:
        # Nobody let us in: one attempt is written for all, or a week without a server would fill the ledger.
        reached = {item.notice.number for item in done}
        left = [notice for notice in chosen if notice.number not in reached]
        started = start_attempt(ledger, left[0], desk.now()) if left else None
        if started is not None:
            end_attempt(ledger, started, FAILED, _words(error), desk.now())
        done += [Sent(notice, FAILED, _words(error)) for notice in left]
    return done


def compose(mail: Mail, folder: Path, notice: WrittenNotice) -> EmailMessage:
    """The message of a notice; its id is made from the event, so that a second copy is known as one."""
    text = (folder / TEXT_FILE).read_text(encoding="utf-8")
    made = EmailMessage()
    made["From"] = mail.sender
    made["To"] = notice.recipient
    made["Subject"] = " ".join(notice.subject.split())
    made["Date"] = format_datetime(notice.written_at)
    made["Message-ID"] = f"<{notice.event[:32]}@{mail.sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text.partition("\n\n")[2])
    for file in sorted(folder.iterdir()):
        if file.name != TEXT_FILE:
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            main, _, sub = kind.partition("/")
            content = file.read_bytes()
            if main == "text":
                made.add_attachment(content.decode("utf-8"), subtype=sub, filename=file.name)
            else:
                made.add_attachment(content, maintype=main, subtype=sub, filename=file.name)
    return made


def _named(notices: Sequence[WrittenNotice], numbers: Sequence[int]) -> list[WrittenNotice]:
    by_number = {item.number: item for item in notices if item.recipient}
    strangers = [str(number) for number in numbers if number not in by_number]
    if strangers:
        raise UsageError("notices.no_such", numbers=", ".join(strangers))
    return [by_number[number] for number in numbers]


@contextmanager
def _connected(mail: Mail, password: SecretStr | None) -> Iterator[smtplib.SMTP]:
    """A server that let us in; leaving it says goodbye and does not wait for the answer of one that is gone."""
    context = ssl.create_default_context()
    if mail.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=mail.seconds, context=context)
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=mail.seconds)
    try:
        if mail.security == "starttls":
            server.starttls(context=context)
        if mail.user and password is not None:
            server.login(mail.user, password.get_secret_value())
        server.ehlo_or_helo_if_needed()
        yield server
    finally:
        server.close()


def _content(mail: Mail, folder: Path, notice: WrittenNotice) -> tuple[bytes, str]:
    """The bytes of a notice, or why there are none: its folder is gone, or no mail goes to such an address."""
    try:
        # The protocol knows no other letters, and the library would fail with the server half asked.
        parseaddr(notice.recipient)[1].encode("ascii")
        return compose(mail, folder, notice).as_bytes(), ""
    except (OSError, ValueError, MessageError) as error:
        return b"", _words(error)


def _hand_over(server: smtplib.SMTP, mail: Mail, notice: WrittenNotice, content: bytes) -> tuple[str, str]:
    """One notice to a server; until its text is on the way nothing can have been taken."""
    try:
        for ask, address in ((server.mail, mail.sender), (server.rcpt, notice.recipient)):
            code, answer = _asked(ask(address))
            if code >= 400:
                server.rset()
                return (REFUSED if code >= _PERMANENT else FAILED), f"{code} {answer}"
    except (OSError, smtplib.SMTPException) as error:
        return FAILED, _words(error)
    try:
        code, answer = _asked(server.data(content))
    except smtplib.SMTPDataError as error:
        code, answer = _asked((error.smtp_code, error.smtp_error))
    except (OSError, smtplib.SMTPException) as error:
        server.close()
        return UNKNOWN, _words(error)
    if code >= 400:
        return (REFUSED if code >= _PERMANENT else FAILED), f"{code} {answer}"
    return SENT, f"{code} {answer}"


def _asked(answer: tuple[int, bytes | str]) -> tuple[int, str]:
    code, text = answer
    told = text.decode("utf-8", errors="replace") if isinstance(text, bytes) else text
    return code, " ".join(told.split())[:200]


def _words(error: Exception) -> str:
    """What went wrong, without what we sent: a server's answer to a login may repeat it."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"{type(error).__name__} {error.smtp_code}"
    return f"{type(error).__name__}: {error}"[:200]


def _password(settings: Settings, mail: Mail) -> SecretStr | None:
    """The password from the environment or its file; never over an open line to another machine."""
    from pydantic import SecretStr

    password = settings.smtp_password
    if password is None and mail.password_file:
        file = settings.data / mail.password_file
        if not file.is_file():
            raise UsageError("notices.no_password_file", file=file)
        if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise UsageError("notices.open_password_file", file=file)
        password = SecretStr(file.read_text(encoding="utf-8").strip())
    if password is not None and not password.get_secret_value().isascii():
        # The library would fail with the password in its words.
        raise UsageError("notices.password_letters")
    if mail.user and password is not None and mail.security == "none" and not _is_this_machine(mail.host):
        raise UsageError("notices.open_line", host=mail.host)
    return password


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
