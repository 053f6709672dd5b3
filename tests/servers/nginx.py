"""A real nginx with the example of this repository in front of a house; ``nginx`` of Debian, or KLANKBORD_NGINX."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from klankbord.base.tests.needs import need
from klankbord.project.tests.running import free_port
from tests.servers.certificate import write_certificate

EXAMPLE = Path(__file__).resolve().parents[2] / "hosting" / "nginx.conf"
PROGRAM = os.environ.get("KLANKBORD_NGINX") or shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
AROUND = """
daemon off;
{user}
pid {folder}/pid;
error_log {folder}/errors;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{example}
}}
"""


class Nginx:
    """The example as it stands, with ports, names and files of this machine; a context manager."""

    def __init__(self, folder: Path, house_port: int) -> None:
        need(PROGRAM, "nginx")
        self.folder, self.plain, self.tls = folder, free_port(), free_port()
        self.certificate = folder / "certificate.pem"
        write_certificate(self.certificate, folder / "key.pem")
        changes = {
            "    listen [::]:80;\n": "",
            "    listen [::]:443 ssl http2;\n": "",
            "listen 80;": f"listen 127.0.0.1:{self.plain};",
            "listen 443 ssl": f"listen 127.0.0.1:{self.tls} ssl",
            "klankbord.example.org": "localhost",
            "/etc/ssl/klankbord": str(folder),
            "127.0.0.1:8000;": f"127.0.0.1:{house_port};",
        }
        example = EXAMPLE.read_text(encoding="utf-8")
        for here, there in changes.items():
            assert here in example, f"the example has no {here} any more"
            example = example.replace(here, there)
        user = "user root;" if os.geteuid() == 0 else ""
        self.configuration = folder / "nginx.conf"
        self.configuration.write_text(AROUND.format(folder=folder, user=user, example=example), encoding="utf-8")

    def complaints(self) -> str:
        """What nginx says about the configuration; empty when it is content."""
        done = subprocess.run(
            [str(PROGRAM), "-t", "-q", "-p", str(self.folder), "-c", str(self.configuration)],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stderr

    def __enter__(self) -> Self:
        command = [str(PROGRAM), "-p", str(self.folder), "-c", str(self.configuration)]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        for _ in range(100):
            if (self.folder / "pid").exists():
                return self
            time.sleep(0.05)
        raise AssertionError((self.folder / "errors").read_text(encoding="utf-8"))

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        self.process.wait(10)
