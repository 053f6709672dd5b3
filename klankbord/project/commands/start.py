"""``klankbord start``: everything on one machine, in one window."""

from __future__ import annotations

import argparse
import os
import sys
import webbrowser

from klankbord.base.language import gettext as _
from klankbord.project.installation import data_dir
from klankbord.project.supervisor import Supervisor


def help() -> str:
    return _("starts everything: database, web server, jobs and listening")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8000, help=_("port of the web pages (default 8000)"))
    parser.add_argument("--host", default="127.0.0.1", help=_("address to listen on (default 127.0.0.1)"))
    parser.add_argument("--no-browser", action="store_true", help=_("do not open a browser"))


def run(options: argparse.Namespace) -> int:
    supervisor = Supervisor(data_dir(), options.host, options.port)
    with supervisor:
        supervisor.start()
        if not options.no_browser and _somebody_watches():
            webbrowser.open(supervisor.address)
        return supervisor.watch()


def _somebody_watches() -> bool:
    if sys.platform == "darwin":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
