"""``klankbord web``: the web server."""

from __future__ import annotations

import argparse
import socket
import warnings

from klankbord.base.language import gettext as _
from klankbord.base.postgres.roles import refuse_power
from klankbord.project.commands import parts
from klankbord.project.installation import app_url

# Open event streams never end by themselves; a stop waits for other requests no longer than this.
_LAST_REQUESTS = 5


def help() -> str:
    return _("the web server, for colleagues and residents")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8000, help=_("port to listen on (default 8000)"))
    parser.add_argument("--host", default="127.0.0.1", help=_("address to listen on (default 127.0.0.1)"))
    parser.add_argument("--fd", type=int, help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    import uvicorn

    # the files of the pages are read from memory or disk in a blink; whoever starts Klankbord can do nothing about this
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
    parts.stop_with_parent()
    refuse_power(app_url())
    listening = socket.socket(fileno=options.fd) if options.fd else parts.listen_on(options.host, options.port)
    configuration = uvicorn.Config(
        "klankbord.project.asgi:application",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_LAST_REQUESTS,
    )
    uvicorn.Server(configuration).run(sockets=[listening])
    return 0
