"""The desk: the handling of one thread, and what colleagues are doing with it at this moment."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from klankbord.channels.models import Channel, Delivery
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


class Draft(models.Model):
    """What a colleague is writing and has not sent: one of each kind per conversation and writer.

    Always private, also in a public conversation: it is for who may write there, and nobody has said it yet.
    """

    class What(models.TextChoices):
        REPLY = "reply", _("Answer")
        NOTE = "note", _("Internal note")

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    channel = FencedForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    private = models.BooleanField(default=True)
    conversation = FencedForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    writer = models.CharField(max_length=240, help_text="Name and desk, copied as text")
    kind = models.CharField(max_length=5, choices=What)
    text = models.TextField()
    form = models.UUIDField(help_text="The identity of what it becomes when it is sent")
    answers = models.BigIntegerField(null=True, help_text="Loosely: the message that is answered")
    visibility = models.CharField(max_length=10, blank=True)
    changed_at = models.DateTimeField()

    fence = Kind.DESK

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "user", "kind"], name="draft_once")]


class Presence(models.Model):
    """A colleague who may write here has this conversation open; it counts until ``until`` and then means nothing."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    channel = FencedForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    private = models.BooleanField()
    conversation = FencedForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    writing = models.BooleanField()
    until = models.DateTimeField(db_index=True)

    fence = Kind.DESK

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "user"], name="present_once")]


class Step(models.Model):
    """The last thing a colleague did with a conversation, so that it can be taken back for a moment."""

    class Act(models.TextChoices):
        REPLY = "reply"
        ASSIGN = "assign"
        CLOSE = "close"
        REOPEN = "reopen"

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    channel = FencedForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    private = models.BooleanField()
    conversation = FencedForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    act = models.CharField(max_length=6, choices=Act)
    delivery = FencedForeignKey(Delivery, null=True, on_delete=models.CASCADE, related_name="+")
    before = models.JSONField(help_text="The conversation as it was")
    after = models.JSONField(help_text="The conversation as this step left it")
    until = models.DateTimeField(help_text="Until then it can be taken back")

    fence = Kind.DESK

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "user"], name="last_step_once")]
