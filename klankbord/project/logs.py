"""Log lines: for people by default, JSON for a log collector. No secrets, no text of residents."""

from __future__ import annotations

import logging.config
import traceback
from typing import Any, TextIO

import django.db
import psycopg
import structlog
from structlog.typing import ExcInfo

from klankbord.base.problem import Problem

# Faults whose text is about machines; that of any other may quote what residents wrote, or a whole row.
TELLING = (OSError, ImportError, psycopg.OperationalError, django.db.OperationalError, Problem)


def traced(exc_info: ExcInfo) -> str:
    """A traceback without values: of most faults only where and which kind, since their text may quote a message."""
    chain: list[BaseException] = []
    problem: BaseException | None = exc_info[1]
    # a library that raises a cause again makes a chain that bites its own tail
    while problem is not None and problem not in chain:
        chain.append(problem)
        problem = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)
    return "\nwhich led to\n".join(_one(problem) for problem in reversed(chain))


def _one(problem: BaseException) -> str:
    lines = [line.rstrip() for line in traceback.format_list(traceback.extract_tb(problem.__traceback__))]
    told = f": {str(problem).partition(chr(10))[0]}" if isinstance(problem, TELLING) else ""
    return "\n".join([*lines, f"{type(problem).__module__}.{type(problem).__qualname__}{told}"])


def _write_traced(out: TextIO, exc_info: ExcInfo) -> None:
    out.write(f"\n{traced(exc_info)}")


def configure(*, as_json: bool) -> None:
    """Sends the lines of structlog and of the standard library through one renderer to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: list[Any] = (
        [structlog.processors.ExceptionRenderer(traced), structlog.processors.JSONRenderer()]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=_write_traced)]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "lines": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
            "root": {"handlers": ["stderr"], "level": "WARNING"},
            "loggers": {"klankbord": {"level": "INFO"}},
        }
    )
