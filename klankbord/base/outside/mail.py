"""Opens the connections to mail servers: the only place where an IMAP or SMTP socket is made.

Mail hosts are filled in by an administrator, so private addresses are allowed; what is guarded here is the
encryption, the waiting time and the amount a server may make us keep in memory.
"""

from __future__ import annotations

import imaplib
import ipaddress
import smtplib
import socket
import ssl
from contextlib import suppress
from enum import StrEnum

CONNECT_SECONDS = 30.0
LONGEST_LITERAL = 40 * 1024 * 1024


class Security(StrEnum):
    """How a connection to a mail server is encrypted."""

    SSL = "ssl"
    STARTTLS = "starttls"
    NONE = "none"


class MailServerUnreachable(Exception):
    """No usable connection: no such host, refused, timed out or hung up."""


class MailServerUntrusted(Exception):
    """The connection could not be encrypted with a certificate that this machine trusts."""


class MailUnencrypted(Exception):
    """An unencrypted connection was asked for to another machine."""


class BoundedImap(imaplib.IMAP4):
    """An IMAP client that refuses answers too large to keep in memory."""

    def read(self, size: int) -> bytes:
        if size > LONGEST_LITERAL:
            raise self.abort(f"the server announced {size} bytes")
        return super().read(size)


class BoundedImapSsl(BoundedImap, imaplib.IMAP4_SSL):
    """The same over TLS from the first byte."""


def is_loopback(host: str) -> bool:
    """Whether this host name or address can only mean this very machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def open_imap(host: str, port: int, security: Security, seconds: float = CONNECT_SECONDS) -> imaplib.IMAP4:
    """Connect to an IMAP server, encrypted as asked, not yet logged in; every read times out after ``seconds``."""
    _refuse_unencrypted(host, security)
    try:
        if security is Security.SSL:
            return BoundedImapSsl(host, port, ssl_context=ssl.create_default_context(), timeout=seconds)
        client = BoundedImap(host, port, timeout=seconds)
    except ssl.SSLError as error:
        raise MailServerUntrusted(str(error)) from error
    except (OSError, imaplib.IMAP4.error, UnicodeError) as error:
        raise MailServerUnreachable(str(error)) from error
    try:
        _keep_alive(client.sock)
        if security is Security.STARTTLS:
            client.starttls(ssl_context=ssl.create_default_context())
    except ssl.SSLError as error:
        hang_up(client)
        raise MailServerUntrusted(str(error)) from error
    except (OSError, imaplib.IMAP4.error) as error:
        hang_up(client)
        refused_to_encrypt = isinstance(error, imaplib.IMAP4.error) and not isinstance(error, imaplib.IMAP4.abort)
        raise (MailServerUntrusted if refused_to_encrypt else MailServerUnreachable)(str(error)) from error
    return client


def hang_up(client: imaplib.IMAP4) -> None:
    """Close the line without a word, whatever state it is in."""
    with suppress(OSError):
        client.shutdown()


def open_smtp(host: str, port: int, security: Security, seconds: float = CONNECT_SECONDS) -> smtplib.SMTP:
    """Connect to an SMTP server and greet it, encrypted as asked, not yet logged in."""
    _refuse_unencrypted(host, security)
    try:
        client = (
            smtplib.SMTP_SSL(host, port, timeout=seconds, context=ssl.create_default_context())
            if security is Security.SSL
            else smtplib.SMTP(host, port, timeout=seconds)
        )
    except ssl.SSLError as error:
        raise MailServerUntrusted(str(error)) from error
    except (OSError, UnicodeError) as error:
        raise MailServerUnreachable(str(error)) from error
    try:
        if client.sock is not None:
            _keep_alive(client.sock)
        client.ehlo_or_helo_if_needed()
        if security is Security.STARTTLS:
            client.starttls(context=ssl.create_default_context())
            client.ehlo_or_helo_if_needed()
    except (ssl.SSLError, smtplib.SMTPNotSupportedError) as error:
        client.close()
        raise MailServerUntrusted(str(error)) from error
    except (OSError, smtplib.SMTPException) as error:
        client.close()
        refused_to_encrypt = type(error) is smtplib.SMTPResponseException
        raise (MailServerUntrusted if refused_to_encrypt else MailServerUnreachable)(str(error)) from error
    return client


def _refuse_unencrypted(host: str, security: Security) -> None:
    if security is Security.NONE and not is_loopback(host):
        raise MailUnencrypted(host)


def _keep_alive(sock: socket.socket) -> None:
    """Notice a dead line also while an IDLE is silent for minutes."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
