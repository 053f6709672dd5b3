"""Fediverse servers that speak the Mastodon API."""
