"""The error that is meant to be read by a person."""

from __future__ import annotations

# The exit code of a command that met a problem: starting it again will not help (EX_CONFIG of sysexits.h).
REFUSED = 78


class Problem(Exception):
    """One sentence or two for whoever runs Klankbord: what happened, what was kept, what to do now."""
