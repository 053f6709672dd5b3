"""The name of a device as its owner recognises it, from what a browser says about itself."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

LONGEST = 60
# The first that fits: nearly every browser also claims to be the ones it descends from.
BROWSERS = (
    (r"\bEdgA?/|\bEdgiOS/", "Edge"),
    (r"\bOPR/", "Opera"),
    (r"\bSamsungBrowser/", "Samsung Internet"),
    (r"\bFirefox/|\bFxiOS/", "Firefox"),
    (r"Chrome/|\bCriOS/|\bChromium/", "Chrome"),
    (r"\bVersion/.*\bSafari/", "Safari"),
)
SYSTEMS = (
    (r"\biPhone\b", "iPhone"),
    (r"\biPad\b", "iPad"),
    (r"\bAndroid\b", "Android"),
    (r"\bWindows\b", "Windows"),
    (r"\bCrOS\b", "ChromeOS"),
    (r"\bMac OS X\b|\bMacintosh\b", "Mac"),
    (r"\bLinux\b", "Linux"),
)


def device_of(user_agent: str) -> str:
    """``Firefox, Windows`` for the header User-Agent; empty when it says neither. A version is of no use here."""
    known = [
        next((name for pattern, name in names if re.search(pattern, user_agent[:1000])), "")
        for names in (BROWSERS, SYSTEMS)
    ]
    return ", ".join(filter(None, known))[:LONGEST]


def shown(device: str) -> str:
    """The same for people, also when a browser did not say what it is."""
    return device or _("Unknown device")
