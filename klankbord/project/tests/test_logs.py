"""The log is for who keeps the machine running: it tells what broke, and nothing that residents wrote."""

from __future__ import annotations

import subprocess
import sys

import pytest

BREAK = """
import logging
from klankbord.project import logs
logs.configure(as_json={as_json})
def parse(text):
    return int(text)
try:
    try:
        parse("Mijn BSN is geheim")
    except ValueError as problem:
        raise RuntimeError(f"rij: {{problem}}") from problem
except RuntimeError:
    logging.getLogger("klankbord").exception("parsing failed unexpectedly")
try:
    try:
        raise LookupError from KeyError()
    except LookupError as problem:
        raise problem.__cause__ from problem
except KeyError:
    logging.getLogger("klankbord").exception("a fault that is its own cause")
try:
    raise ConnectionRefusedError(111, "Connection refused")
except OSError:
    logging.getLogger("klankbord").exception("the mail server is away")
"""


@pytest.mark.parametrize("as_json", [True, False])
def test_a_fault_is_traced_without_what_it_quotes(as_json: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BREAK.format(as_json=as_json)], capture_output=True, text=True, check=True
    )
    assert "geheim" not in done.stderr
    for told in (
        "parsing failed unexpectedly",
        "in parse",
        "ValueError",
        "RuntimeError",
        "LookupError",
        "Connection refused",
    ):
        assert told in done.stderr, told
