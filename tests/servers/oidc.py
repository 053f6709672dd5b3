"""A real identity provider on this machine: npm's ``oidc-provider``, found in the folder KLANKBORD_OIDC_PROVIDER."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from klankbord.base.tests.needs import need
from klankbord.project.tests.running import free_port

SCRIPT = Path(__file__).with_name("oidc_provider.mjs")
CLIENT, SECRET = "klankbord-oefening", "geheim-van-de-oefening"
NODE = shutil.which("node")


@dataclass
class IdentityProvider:
    """The provider with these people (claims by name), for a house at this address; a context manager."""

    people: dict[str, dict[str, Any]]
    house: str
    port: int = field(default_factory=free_port)

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def __enter__(self) -> Self:
        modules = os.environ.get("KLANKBORD_OIDC_PROVIDER", "")
        need(NODE and (Path(modules) / "oidc-provider").is_dir(), "npm oidc-provider (KLANKBORD_OIDC_PROVIDER)")
        assert NODE
        self.process = subprocess.Popen(
            [NODE, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdin
        assert self.process.stdout
        client = {
            "client_id": CLIENT,
            "client_secret": SECRET,
            "redirect_uris": [f"{self.house}/accounts/oidc/sso/login/callback/"],
            "post_logout_redirect_uris": [f"{self.house}/accounts/login/"],
        }
        told = {"modules": modules, "port": self.port, "client": client, "people": self.people}
        self.process.stdin.write(json.dumps(told))
        self.process.stdin.close()
        assert self.process.stdout.readline().strip() == "ready"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()

    def environment(self) -> dict[str, str]:
        """What a house is told that logs in here."""
        return {
            "KLANKBORD_OIDC_ADDRESS": self.address,
            "KLANKBORD_OIDC_CLIENT": CLIENT,
            "KLANKBORD_OIDC_SECRET": SECRET,
            "KLANKBORD_OIDC_NAME": "Inlogdienst Klankendam",
            "KLANKBORD_ALLOWED_HOSTS": f"localhost:{self.port}",
        }

    def log_in(self, url: str, who: str) -> str:
        """As a browser would: from the address the house sends one to, to the address one is sent back to."""
        with httpx.Client() as browser:
            answer = browser.get(url)
            while answer.is_redirect:
                target = str(answer.next_request.url) if answer.next_request else ""
                if target.startswith(f"{self.house}/"):
                    return target
                answer = browser.get(target)
                if answer.status_code == 200 and re.search("/interaction/", target):
                    answer = browser.post(target, data={"who": who})
        raise AssertionError(f"the provider stopped at {answer.url}: {answer.status_code} {answer.text[:300]}")
