"""Notes what became of each test; with ``KLANKBORD_REQUIRE_ALL=1`` everything must be there, a skip is a failure."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

OUTCOMES = ("passed", "failed", "skipped")


class Tally:
    """What happened to each test, and why tests were skipped."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.required = os.environ.get("KLANKBORD_REQUIRE_ALL") == "1"
        self.outcomes: dict[str, str] = {}
        self.skipped: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test counts once, by the worst thing that happened in its set-up, run and clean-up."""
        if report.failed:
            self.outcomes[report.nodeid] = "failed"
        elif report.skipped:
            self.outcomes[report.nodeid] = "skipped"
            self.skipped[report.nodeid] = _reason(report)
        else:
            self.outcomes.setdefault(report.nodeid, "passed")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that cannot be read, or skips itself as a whole."""
        if report.failed:
            self.outcomes[report.nodeid] = "failed"
        elif report.skipped:
            self.outcomes[report.nodeid] = "skipped"
            self.skipped[report.nodeid] = _reason(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Writes the figures, and lets the run fail on a skip where none is allowed."""
        if self.required and self.skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self.target:
            told = {name: [test for test, met in self.outcomes.items() if met == name] for name in OUTCOMES}
            Path(self.target).write_text(json.dumps(told), encoding="utf-8")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Names what was skipped although it may not be."""
        if self.required and self.skipped:
            terminalreporter.section("skipped, and nothing may be skipped here", red=True)
            for nodeid, reason in sorted(self.skipped.items()):
                terminalreporter.line(f"{nodeid}: {reason}")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    found = report.longrepr
    return str(found[2]) if isinstance(found, tuple) else str(getattr(report, "wasxfail", found))


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--tally FILE``: where the outcomes go."""
    parser.addoption("--tally", default="", help="write the names of the tests per outcome to this file, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    """Starts counting."""
    config.pluginmanager.register(Tally(config.getoption("--tally")), "klankbord-tally")
