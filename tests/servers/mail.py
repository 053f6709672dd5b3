"""A real mail world on loopback: Postfix takes mail in and hands it to Dovecot, which gives it out over IMAP.

Everything lives in one temporary folder and on free ports; no file of the system's own mail server is touched. Every
domain is delivered here, so nothing can ever leave this machine. What an address does:

* known (``add_user``): delivered to its Maildir;
* unknown: taken by Postfix, refused by Dovecot, so the sender gets a real delivery report;
* ``refused@…``: refused with 550 at RCPT;  ``later@…``: 450 at RCPT.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from klankbord.project.tests.running import free_ports
from tests.servers.certificate import write_certificate

Server = Literal["dovecot", "postfix"]
PROGRAMS = ("dovecot", "postfix", "master")
PATIENCE_SECONDS = 20.0
PASSWORD = "geheim-oefening"
_MAIL_OWNER = "mail"
_SYSTEM_FOLDERS = "/usr/sbin:/sbin:/usr/lib/postfix/sbin"

_DOVECOT = """\
base_dir = {root}/dovecot/run
state_dir = {root}/dovecot/state
log_path = {root}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{root}/certificate.pem
ssl_key = <{root}/key.pem
disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = maildir:{root}/mail/%u
mail_uid = {owner}
mail_gid = {owner}
first_valid_uid = 1
mail_fsync = always
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {root}/users/%u
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {root}/users/%u
  default_fields = uid={owner} gid={owner} home={root}/mail/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = {sasl}
  }}
}}
"""

_POSTFIX_MAIN = """\
compatibility_level = 3.6
queue_directory = {root}/postfix/spool
data_directory = {root}/postfix/data
maillog_file = {root}/postfix/log/maillog
maillog_file_prefixes = {root}
myhostname = mail.oefening.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = static:all
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
smtpd_reject_unlisted_recipient = no
smtpd_recipient_restrictions = check_recipient_access regexp:{root}/postfix/recipients, permit_mynetworks, reject
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{sasl}
smtpd_tls_cert_file = {root}/certificate.pem
smtpd_tls_key_file = {root}/key.pem
smtpd_tls_security_level = may
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
message_size_limit = 60000000
mailbox_size_limit = 0
virtual_mailbox_limit = 0
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
transport_retry_time = 1s
lmtp_connect_timeout = 5s
lmtp_destination_concurrency_failed_cohort_limit = 0
"""

_POSTFIX_MASTER = """\
127.0.0.1:{smtp} inet n - n - - smtpd
127.0.0.1:{smtps} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

_RECIPIENTS = """\
/^refused@/ 550 5.1.1 This address does not exist (exercise)
/^later@/ 450 4.2.1 Come back later (exercise)
"""


class MailServers:
    """One Postfix and one Dovecot, started on entering and gone on leaving."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.imap_port, self.imaps_port, self.smtp_port, self.smtps_port, self._lmtp, self._sasl = free_ports(6)
        self._masters: dict[Server, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self.root = Path(tempfile.mkdtemp(prefix="klankbord-mail-"))
        # The servers' own users must be able to pass through.
        self.root.chmod(0o755)
        try:
            self._write_files()
            self.start("dovecot")
            self.start("postfix")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def ca_file(self) -> Path:
        """The certificate to trust: valid for ``localhost`` and 127.0.0.1."""
        return self.root / "certificate.pem"

    def add_user(self, address: str, password: str = PASSWORD) -> None:
        """Give an address a mailbox. Each has a file of its own: Dovecot looks at a known file only once a second."""
        (self.root / "users" / address).write_text(f"{address}:{{PLAIN}}{password}::::::\n", encoding="utf-8")

    def mailbox(self, address: str) -> list[bytes]:
        """All mails in the inbox of an address, oldest first, straight from its Maildir."""
        folder = self.root / "mail" / address
        files = [file for part in ("new", "cur") for file in (folder / part).glob("*")]
        return [file.read_bytes() for file in sorted(files, key=lambda file: (file.stat().st_mtime_ns, file.name))]

    def wait_for_mail(self, address: str, count: int, seconds: float = PATIENCE_SECONDS) -> list[bytes]:
        """The mails of an address once there are at least ``count``."""
        wait_until(lambda: len(self.mailbox(address)) >= count, f"{count} mails for {address}", seconds)
        return self.mailbox(address)

    def forget_numbering(self, address: str) -> None:
        """Make Dovecot number the inbox anew, with another UIDVALIDITY, as after a restore of a mail server."""
        # A process that has the folder open would write the old numbers again.
        self.kill("dovecot")
        for file in (self.root / "mail" / address).glob("dovecot*"):
            file.unlink()
        # Dovecot takes the second of the clock for the new number.
        time.sleep(1.1)
        self.start("dovecot")
        # Processes of Postfix that wait hold a line to the Dovecot that is gone and would refuse one log-in each.
        self.stop("postfix")
        self.start("postfix")

    def waiting(self) -> int:
        """How many mails Postfix still holds."""
        folders = ("incoming", "active", "deferred", "maildrop")
        spool = self.root / "postfix" / "spool"
        return sum(1 for name in folders for file in (spool / name).rglob("*") if file.is_file())

    def start(self, server: Server) -> None:
        command = {
            "dovecot": [_path("dovecot"), "-F", "-c", f"{self.root}/dovecot.conf"],
            "postfix": [_path("master"), "-d", "-c", f"{self.root}/postfix/conf"],
        }[server]
        with (self.root / f"{server}.out").open("ab") as out:
            self._masters[server] = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
        ports = {"dovecot": (self.imap_port, self._lmtp, self._sasl), "postfix": (self.smtp_port,)}[server]
        wait_until(lambda: all(map(_listens, ports)), f"{server} to listen: {self.log(server)}")

    def stop(self, server: Server) -> None:
        """End a server as an administrator would."""
        self._signal(server, signal.SIGTERM)

    def kill(self, server: Server) -> None:
        """End a server and all its processes at once, as a power cut would."""
        self._signal(server, signal.SIGKILL)

    def log(self, server: Server) -> str:
        """What a server wrote down, for when a test fails."""
        files = {"dovecot": ["dovecot.log"], "postfix": ["postfix/log/maillog"]}[server] + [f"{server}.out"]
        return "\n".join(
            (self.root / name).read_text(errors="replace") for name in files if (self.root / name).exists()
        )

    def _signal(self, server: Server, number: signal.Signals) -> None:
        master = self._masters.pop(server, None)
        if master is None:
            return
        ours = [master.pid, *_descendants(master.pid)]
        for pid in ours if number == signal.SIGKILL else ours[:1]:
            _send(pid, number)
        master.wait(PATIENCE_SECONDS)
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline and any(map(_alive, ours)):
            time.sleep(0.02)
        for pid in filter(_alive, ours):
            _send(pid, signal.SIGKILL)
        # a child that was born while we looked
        with suppress(ProcessLookupError):
            os.killpg(master.pid, signal.SIGKILL)

    def _end(self) -> None:
        for server in list(self._masters):
            self.stop(server)
        shutil.rmtree(self.root, ignore_errors=True)

    def _write_files(self) -> None:
        root = self.root
        for name in (
            "dovecot/run",
            "dovecot/state",
            "users",
            "mail",
            "postfix/conf",
            "postfix/spool",
            "postfix/data",
            "postfix/log",
        ):
            (root / name).mkdir(parents=True)
        owner = pwd.getpwnam(_MAIL_OWNER)
        os.chown(root / "mail", owner.pw_uid, owner.pw_gid)
        postfix = pwd.getpwnam("postfix")
        os.chown(root / "postfix/data", postfix.pw_uid, postfix.pw_gid)
        write_certificate(root / "certificate.pem", root / "key.pem")
        words = {
            "root": root,
            "owner": _MAIL_OWNER,
            "imap": self.imap_port,
            "imaps": self.imaps_port,
            "smtp": self.smtp_port,
            "smtps": self.smtps_port,
            "lmtp": self._lmtp,
            "sasl": self._sasl,
        }
        (root / "dovecot.conf").write_text(_DOVECOT.format(**words))
        (root / "postfix/conf/main.cf").write_text(_POSTFIX_MAIN.format(**words))
        (root / "postfix/conf/master.cf").write_text(_POSTFIX_MASTER.format(**words))
        (root / "postfix/recipients").write_text(_RECIPIENTS)
        checked = subprocess.run(
            [_path("postfix"), "-c", f"{root}/postfix/conf", "check"], capture_output=True, text=True, check=False
        )
        if checked.returncode:
            raise RuntimeError(f"postfix check: {checked.stdout}{checked.stderr}")


def queue_id(mail: bytes) -> str:
    """Under which name Postfix took a mail in. A Postfix that is killed while it delivers may deliver the same mail
    again, as every mail server does; a mail that was handed over twice has two names."""
    found = re.search(rb"\(Postfix\)\s+with\s+E?SMTPS?A?\s+id\s+(\w+)", mail)
    if found is None:
        raise ValueError("this mail did not come through Postfix")
    return found[1].decode("ascii")


def wait_until(true: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.02)


def find_program(name: str) -> str | None:
    """The path of a program, also when an ordinary user's PATH leaves out the system folders."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:{_SYSTEM_FOLDERS}")


def _path(program: str) -> str:
    found = find_program(program)
    if found is None:
        raise FileNotFoundError(program)
    return found


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _descendants(pid: int) -> list[int]:
    """All processes below this one, by their parents in /proc."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found.extend(below)
        waiting.extend(below)
    return found


def _alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
