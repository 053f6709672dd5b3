"""Which parts of Klankbord are alive."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """The last sign of life of one part (``work``, ``listen``)."""

    part = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()
