"""Compares a stream of texts with many queries at once. Knows no database."""

from klankbord.listening.matching.matcher import Match, Matcher

__all__ = ["Match", "Matcher"]
