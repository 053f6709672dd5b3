"""The calls we make on a mail server: list, read and watch a folder over IMAP, hand over a message over SMTP."""

from __future__ import annotations

import base64
import imaplib
import re
import smtplib
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from django.utils.translation import gettext as _

from klankbord.base.outside import mail as outside
from klankbord.channels.contract import ChannelError, NotSent, Permanent, Uncertain

IDLE_LIMIT_SECONDS = 28 * 60
NO_IDLE_SECONDS = 30.0


class WrongPassword(Permanent):
    """The mail server refuses the user name or password."""


class MissingFolder(Permanent):
    """The folder to read does not exist."""


class NotEncrypted(Permanent):
    """No trusted encrypted connection could be made."""


class Unreachable(ChannelError):
    """The mail server does not answer; trying again later may help."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where and as whom to log in."""

    host: str
    port: int
    security: outside.Security
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One message in a folder, before it is read. ``size`` in bytes, ``received`` by the mailbox's own clock."""

    uid: int
    size: int
    received: datetime


class Mailbox:
    """One folder, opened read-only: nothing that is done here changes a flag."""

    def __init__(self, account: Account, folder: str, seconds: float) -> None:
        self.account = account
        self.folder = folder
        self.seconds = seconds

    def __enter__(self) -> Self:
        self.client = _connect_imap(self.account, self.seconds)
        try:
            self._log_in()
            self._examine()
        except BaseException:
            outside.hang_up(self.client)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError, imaplib.IMAP4.error):
            if error is None and self.client.state != "LOGOUT":
                self.client.logout()
        outside.hang_up(self.client)
        if isinstance(error, OSError | imaplib.IMAP4.error):
            raise Unreachable(_("The mailbox stopped answering. We will try again.")) from error

    def listing(self, first: int, last: int) -> list[Listed]:
        """The messages with a UID from ``first`` up to and including ``last``, lowest first."""
        answer = self._uid("FETCH", f"{first}:{last}", "(UID RFC822.SIZE INTERNALDATE)")
        found = (_listed(line if isinstance(line, bytes) else line[0]) for line in answer if line)
        return sorted((one for one in found if one and first <= one.uid <= last), key=lambda one: one.uid)

    def uids_since(self, moment: datetime) -> list[int]:
        """The messages received on or after the day of ``moment``; the server's own day, so give it some room."""
        day = imaplib.Time2Internaldate(moment.timestamp())[1:12].strip()
        answer = self._uid("SEARCH", "SINCE", day)
        return sorted(int(uid) for line in answer if isinstance(line, bytes) for uid in line.split())

    def read(self, uid: int, at_most: int | None = None) -> bytes | None:
        """The message as it is, or its first ``at_most`` bytes; ``None`` when it has gone."""
        part = "BODY.PEEK[]" if at_most is None else f"BODY.PEEK[]<0.{at_most}>"
        for item in self._uid("FETCH", str(uid), f"(UID {part})"):
            if isinstance(item, tuple) and b"BODY[]" in item[0]:
                return bytes(item[1])
        return None

    def holds(self, message_id: str) -> bool:
        """Whether a message with this Message-ID (with its angle brackets) lies in the folder."""
        answer = self._uid("SEARCH", "HEADER", "Message-ID", f'"{message_id}"')
        return any(isinstance(line, bytes) and line.strip() for line in answer)

    def idle(self, seconds: float) -> bool:
        """Wait until the server says that something arrived; ends the connection's use."""
        if "IDLE" not in self.client.capabilities:
            time.sleep(min(seconds, NO_IDLE_SECONDS))
            return True
        until = time.monotonic() + min(seconds, IDLE_LIMIT_SECONDS)
        self.client.send(b"WAIT IDLE\r\n")
        while (left := until - time.monotonic()) > 0:
            self.client.sock.settimeout(left)
            try:
                line = self.client.readline()
            except TimeoutError:
                break
            if not line or line.startswith((b"WAIT ", b"* BYE")):
                raise Unreachable(_("The mailbox stopped answering. We will try again."))
            if line.rstrip().upper().endswith(b" EXISTS"):
                return True
        # The line is in the middle of an IDLE: hanging up is the quickest polite end.
        self.client.state = "LOGOUT"
        return False

    def _log_in(self) -> None:
        client = self.client
        account = self.account
        if {"\r", "\n", "\0"} & set(account.user + account.password):
            raise WrongPassword(_("The user name or password of the mailbox holds a character that cannot be."))
        try:
            if account.user.isascii() and account.password.isascii() and "LOGINDISABLED" not in client.capabilities:
                client.login(account.user, account.password)
            else:
                client.authenticate("PLAIN", lambda _answer: f"\0{account.user}\0{account.password}".encode())
        except imaplib.IMAP4.abort as error:
            raise Unreachable(_("The mailbox stopped answering. We will try again.")) from error
        except imaplib.IMAP4.error as error:
            if "[UNAVAILABLE]" in str(error):
                raise Unreachable(_("The mailbox cannot be opened at the moment. We will try again.")) from error
            raise WrongPassword(
                _("The mail server does not accept the user name or password for reading. Fill them in again.")
            ) from error
        except OSError as error:
            raise Unreachable(_("The mailbox stopped answering. We will try again.")) from error
        # What a server can do may differ after logging in.
        with suppress(imaplib.IMAP4.error, OSError):
            answer = client.capability()[1][0]
            client.capabilities = tuple(answer.decode("ascii", "replace").upper().split())

    def _examine(self) -> None:
        try:
            status, answer = self.client.select(quoted(self.folder), readonly=True)
        except imaplib.IMAP4.abort as error:
            raise Unreachable(_("The mailbox stopped answering. We will try again.")) from error
        except (imaplib.IMAP4.error, OSError) as error:
            raise Unreachable(_("The mailbox cannot be opened at the moment. We will try again.")) from error
        if status != "OK":
            raise MissingFolder(_("The folder “%(folder)s” does not exist in this mailbox.") % {"folder": self.folder})
        self.count = _number(answer)
        self.uid_validity = _number(self.client.response("UIDVALIDITY")[1])
        self.uid_next = _number(self.client.response("UIDNEXT")[1]) or self._ask_uid_next()

    def _ask_uid_next(self) -> int:
        answer = self.client.status(quoted(self.folder), "(UIDNEXT)")[1]
        found = re.search(rb"UIDNEXT (\d+)", answer[0] or b"")
        if not found:
            raise Unreachable(_("The mailbox gave an answer that we do not understand. We will try again."))
        return int(found[1])

    def _uid(self, command: str, *arguments: str) -> list[bytes | tuple[bytes, bytes] | None]:
        status, answer = self.client.uid(command, *arguments)
        if status != "OK":
            raise Unreachable(_("The mailbox gave an answer that we do not understand. We will try again."))
        return list(answer)


def quoted(folder: str) -> str:
    """A folder name as IMAP wants it: modified UTF-7 (RFC 3501 section 5.1.3) between quotes."""

    def shifted(match: re.Match[str]) -> str:
        code = base64.b64encode(match[0].encode("utf-16-be")).decode("ascii").rstrip("=").replace("/", ",")
        return f"&{code}-"

    plain = re.sub(r"[\x00-\x1f\x7f]", "", folder).replace("&", "&-")
    name = re.sub(r"[^\x20-\x7e]+", shifted, plain)
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def submit(
    account: Account,
    sender: str,
    recipient: str,
    copy_to: str,
    message: bytes,
    seconds: float,
    end_seconds: float,
) -> None:
    """Hand one message to the mail server; ``message`` has CRLF line ends.

    Raises NotSent or Permanent as long as the final dot has not left us, and Uncertain when afterwards no clear
    answer came (RFC 5321 section 4.2.5 and 6.1: the server takes responsibility with its answer to the dot).
    """
    client = open_smtp(account, seconds)
    try:
        _accepted(client.mail(sender, [f"SIZE={len(message)}"] if client.has_extn("size") else []))
        _accepted(client.rcpt(recipient))
        if copy_to:
            # A refused copy must not keep the answer from the resident.
            client.rcpt(copy_to)
        _accepted(client.docmd("DATA"), wanted=354)
        client.send(re.sub(rb"(?m)^\.", b"..", message))
    except (OSError, smtplib.SMTPException) as error:
        client.close()
        if isinstance(error, smtplib.SMTPResponseException):
            raise _refusal(error.smtp_code, error.smtp_error) from error
        raise NotSent(_("The mail server broke off before it had the answer. We will try again.")) from error
    except ChannelError:
        client.close()
        raise
    _finish(client, end_seconds)


def open_smtp(account: Account, seconds: float = outside.CONNECT_SECONDS) -> smtplib.SMTP:
    """A connection over which messages may be handed over; raises NotSent or Permanent."""
    try:
        client = outside.open_smtp(account.host, account.port, account.security, seconds)
    except outside.MailServerUnreachable as error:
        raise NotSent(_("The mail server for sending does not answer. We will try again.")) from error
    except (outside.MailServerUntrusted, outside.MailUnencrypted) as error:
        raise _not_encrypted(error) from error
    if not account.user:
        return client
    try:
        if account.user.isascii() and account.password.isascii():
            client.login(account.user, account.password)
        else:
            # The library only knows ASCII; RFC 4616 says UTF-8.
            login = base64.b64encode(f"\0{account.user}\0{account.password}".encode()).decode("ascii")
            code, answer = client.docmd("AUTH", f"PLAIN {login}")
            if code != 235:
                raise smtplib.SMTPAuthenticationError(code, answer)
    except smtplib.SMTPAuthenticationError as error:
        client.close()
        if 400 <= error.smtp_code < 500:
            raise NotSent(_("Logging in to the mail server does not work at the moment. We will try again.")) from error
        raise WrongPassword(
            _("The mail server does not accept the user name or password for sending. Fill them in again.")
        ) from error
    except smtplib.SMTPNotSupportedError as error:
        client.close()
        raise Permanent(_("The mail server for sending does not let anybody log in on this port.")) from error
    except (OSError, smtplib.SMTPException) as error:
        client.close()
        raise NotSent(_("The mail server for sending does not answer. We will try again.")) from error
    return client


def _finish(client: smtplib.SMTP, end_seconds: float) -> None:
    """Send the final dot and understand the answer; from here on every doubt is Uncertain."""
    doubt = _("The mail server did not say whether it took the answer. We will look it up.")
    try:
        if client.sock is not None:
            client.sock.settimeout(end_seconds)
        client.send(b".\r\n")
        code, answer = client.getreply()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        client.close()
        raise Uncertain(doubt) from error
    with suppress(OSError, smtplib.SMTPException):
        client.quit()
    client.close()
    if 400 <= code < 600:
        raise _refusal(code, answer)
    if not 200 <= code < 300:
        raise Uncertain(doubt)


def _accepted(reply: tuple[int, bytes], wanted: int | None = None) -> None:
    code, answer = reply
    if code != wanted if wanted else not 200 <= code < 300:
        raise _refusal(code, answer)


def _refusal(code: int, answer: bytes | str) -> ChannelError:
    said = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
    words = {"code": code, "said": " ".join(said.split())[:300]}
    if 500 <= code < 600:
        return Permanent(_("The mail server refused the answer: %(code)s %(said)s") % words)
    return NotSent(_("The mail server cannot take the answer now: %(code)s %(said)s") % words)


def _connect_imap(account: Account, seconds: float) -> imaplib.IMAP4:
    try:
        return outside.open_imap(account.host, account.port, account.security, seconds)
    except outside.MailServerUnreachable as error:
        raise Unreachable(_("The mail server %(host)s does not answer.") % {"host": account.host}) from error
    except (outside.MailServerUntrusted, outside.MailUnencrypted) as error:
        raise _not_encrypted(error) from error


def _not_encrypted(error: Exception) -> NotEncrypted:
    if isinstance(error, outside.MailUnencrypted):
        return NotEncrypted(_("Without encryption we only talk to a mail server on this very machine."))
    if isinstance(error.__cause__, ssl.SSLCertVerificationError):
        return NotEncrypted(
            _("The certificate of the mail server is not right: %(why)s") % {"why": error.__cause__.verify_message}
        )
    return NotEncrypted(_("No encrypted connection with the mail server: check the port and the kind of encryption."))


def _listed(line: bytes) -> Listed | None:
    uid = re.search(rb"\bUID (\d+)", line)
    size = re.search(rb"\bRFC822\.SIZE (\d+)", line)
    date = re.search(rb'\bINTERNALDATE "([^"]{1,40})"', line)
    if not (uid and size):
        return None
    try:
        received = datetime.strptime(date[1].decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z") if date else None
    except ValueError:
        received = None
    return Listed(int(uid[1]), int(size[1]), (received or datetime.now(UTC)).astimezone(UTC))


def _number(answer: list[bytes | None]) -> int:
    return int(answer[-1]) if answer and answer[-1] and answer[-1].isdigit() else 0
