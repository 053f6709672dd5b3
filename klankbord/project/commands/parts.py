"""What web, work and listen share: a port, and a life no longer than their supervisor's."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time

from klankbord.base.language import gettext as _
from klankbord.base.problem import Problem

SUPERVISED = "KLANKBORD_SUPERVISED"
_LAST_CHANCE = 20.0


class PortTaken(Problem):
    """Another program listens on the port."""


def listen_on(host: str, port: int) -> socket.socket:
    """A listening socket, or :class:`PortTaken` with a port that is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(256)
    except OSError as error:
        listening.close()
        raise PortTaken(
            _("Port {port} cannot be used ({why}). Choose another one, for instance: --port {free}").format(
                port=port, why=error.strerror, free=_free_port(host, family)
            )
        ) from None
    return listening


def _free_port(host: str, family: int) -> int:
    with socket.socket(family) as trying:
        try:
            trying.bind((host, 0))
        except OSError:
            return 8010
        return int(trying.getsockname()[1])


def stop_with_parent() -> None:
    """Stops this process when its supervisor is gone, however that ended.

    The supervisor holds the other end of our standard input; the kernel closes that end when it dies.
    """
    if os.environ.pop(SUPERVISED, None):
        threading.Thread(target=_wait_for_end, name="parent", daemon=True).start()


def _wait_for_end() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_LAST_CHANCE)
    os._exit(1)
