"""The desk: the handling of one thread."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from klankbord.channels.models import Channel
from klankbord.posts.models import Author
from klankbord.tenancy.fields import FencedForeignKey
from klankbord.tenancy.kinds import Kind
from klankbord.tenancy.models import Mandate, Organisation, User


class Conversation(models.Model):
    """One thread and its handling: who has it, whether somebody waits. Posts share its ``root_uri``."""

    class Status(models.TextChoices):
        OPEN = "open", _("To do")
        ANSWERED = "answered", _("Waiting for resident")
        CLOSED = "closed", _("Closed")

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+", db_index=False)
    channel = FencedForeignKey(Channel, on_delete=models.PROTECT, related_name="+", db_index=False)
    private = models.BooleanField()
    root_uri = models.CharField(max_length=1000)
    author = FencedForeignKey(Author, null=True, on_delete=models.PROTECT, related_name="+")
    author_name = models.CharField(max_length=200)
    subject = models.CharField(max_length=400, blank=True)
    preview = models.CharField(max_length=200)
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    assignee = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    assignee_name = models.CharField(max_length=120, blank=True)
    mandate = FencedForeignKey(Mandate, null=True, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    last_post_at = models.DateTimeField()
    waiting_since = models.DateTimeField(null=True, help_text="First message that nobody answered yet")
    seen_at = models.DateTimeField(null=True, help_text="When somebody at a desk last opened it")
    closed_at = models.DateTimeField(null=True)
    reopened = models.PositiveSmallIntegerField(default=0)
    delivery_problem = models.BooleanField(default=False, help_text="An answer is uncertain or failed")

    fence = Kind.DESK

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "root_uri"], name="conversation_once")]
        indexes = [
            # the queue: newest of each channel and status
            models.Index(fields=["channel", "status", "-last_post_at", "-id"], name="queue"),
            # "mine"
            models.Index(
                fields=["assignee", "status", "-last_post_at"], condition=Q(assignee__isnull=False), name="queue_mine"
            ),
            # earlier conversations of the same resident
            models.Index(fields=["author", "-last_post_at"], name="earlier_conversations"),
        ]


class Opening(models.Model):
    """A privacy officer opens one conversation with a reason, for a while; logged."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    root_uri = models.CharField(max_length=1000)
    reason = models.TextField(_("reason"))
    until = models.DateTimeField()

    fence = Kind.HOUSE
