"""The error that is meant to be read by a person."""

from __future__ import annotations


class Problem(Exception):
    """One sentence or two for whoever runs Klankbord: what happened, what was kept, what to do now."""
