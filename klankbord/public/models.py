"""What the front door remembers by itself: how busy it is, and not by whom."""

from __future__ import annotations

from django.db import models

from klankbord.tenancy.kinds import Kind


class Visit(models.Model):
    """How often somebody did something in one hour.

    ``who`` is a keyed hash in which the hour counts too: rows of different hours cannot be laid side by side, and
    after the hour the row goes.
    """

    hour = models.DateTimeField()
    who = models.BinaryField(max_length=32)
    times = models.PositiveIntegerField(default=1)

    fence = Kind.SYSTEM

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hour", "who"], name="visit_once_per_hour")]
