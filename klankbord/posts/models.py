"""What people said, kept once per organisation and forgotten on time."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from klankbord.channels.contract import Visibility
from klankbord.channels.models import Channel, Delivery
from klankbord.tenancy.fields import FencedForeignKey
from klankbord.tenancy.kinds import Kind
from klankbord.tenancy.models import Organisation

VISIBILITY_CHOICES = [
    (Visibility.PUBLIC.value, _("Public")),
    (Visibility.UNLISTED.value, _("Public, not in lists")),
    (Visibility.FOLLOWERS.value, _("Followers only")),
    (Visibility.DIRECT.value, _("Private message")),
]


class Author(models.Model):
    """Who said it. Known by name only because they addressed us; otherwise a pseudonym without handle and name."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, help_text="The network: the kind of channel")
    network_id = models.CharField(max_length=600)
    handle = models.CharField(max_length=320)
    name = models.CharField(max_length=200, blank=True)
    forgotten_at = models.DateTimeField(null=True)

    fence = Kind.READERS

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "kind", "network_id"], name="author_once")]


class Post(models.Model):
    """Something said, in or out; an internal note is a post too."""

    class Direction(models.TextChoices):
        IN = "in", _("Received")
        OUT = "out", _("Sent")
        INTERNAL = "internal", _("Internal note")

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+", db_index=False)
    channel = FencedForeignKey(Channel, on_delete=models.PROTECT, related_name="+", db_index=False)
    author = FencedForeignKey(Author, null=True, on_delete=models.PROTECT, related_name="+")
    delivery = FencedForeignKey(Delivery, null=True, on_delete=models.PROTECT, related_name="posts")
    direction = models.CharField(max_length=8, choices=Direction)
    visibility = models.CharField(max_length=10, choices=VISIBILITY_CHOICES)
    private = models.BooleanField()
    uri = models.CharField(max_length=1000)
    parent_uri = models.CharField(max_length=1000, blank=True)
    root_uri = models.CharField(max_length=1000)
    subject = models.CharField(max_length=400, blank=True)
    text = models.TextField()
    quoted = models.TextField(blank=True)
    html = models.TextField(blank=True, help_text="Cleaned, and cleaned again when shown")
    warning = models.CharField(max_length=400, blank=True)
    language = models.CharField(max_length=8, blank=True)
    web_url = models.CharField(max_length=1000, blank=True)
    overheard = models.BooleanField(
        db_default=False, default=False, help_text="Not said to us: kept under a pseudonym, masked, for a while"
    )
    source = models.TextField(
        blank=True, db_default="", help_text="Where a find stands on its network, sealed; opening it is logged"
    )
    reply_data = models.JSONField(default=dict)
    signed = models.CharField(max_length=240, blank=True, help_text="Name and desk of the colleague, copied as text")
    tokens = SearchVectorField(help_text="Terms of the house tokenizer, made in Python")
    published_at = models.DateTimeField()
    received_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    fence = Kind.DESK

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "uri"], name="post_once")]
        indexes = [
            # the thread on the desk, and late parents
            models.Index(fields=["organisation", "root_uri", "id"], name="post_thread"),
            # search, newest first, when the word is common
            models.Index(fields=["channel", "-published_at"], name="post_newest"),
            # search when the word is rare
            GinIndex(fields=["tokens"], name="post_tokens"),
            # what must be forgotten, oldest first
            models.Index(
                fields=["organisation", "received_at"], condition=models.Q(overheard=True), name="post_overheard"
            ),
        ]


class Objection(models.Model):
    """Somebody does not want to be followed (AVG 21): known by hash only, honoured when messages come in."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, help_text="The network: the kind of channel")
    person = models.CharField(max_length=60, help_text="The pseudonym of the author")
    made_at = models.DateTimeField()

    fence = Kind.HOUSE

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "kind", "person"], name="objection_once")]


class Revision(models.Model):
    """What a post said before its author changed it."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    post = FencedForeignKey(Post, on_delete=models.CASCADE, related_name="revisions")
    text = models.TextField()
    until = models.DateTimeField(help_text="When it was replaced")

    fence = Kind.CHILD


class Attachment(models.Model):
    """A file that came along or goes out, kept in the files folder under its hash."""

    class State(models.TextChoices):
        WANTED = "wanted", _("Being fetched")
        KEPT = "kept", _("Kept")
        REFUSED = "refused", _("Not kept")

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    post = FencedForeignKey(Post, on_delete=models.CASCADE, related_name="attachments")
    filename = models.CharField(max_length=255)
    content_type = models.CharField(max_length=120)
    alt_text = models.TextField(blank=True)
    url = models.CharField(max_length=2000, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.WANTED)
    fetch_at = models.DateTimeField(null=True, help_text="Not before this moment: an earlier try met trouble")
    reason = models.TextField(blank=True, help_text="Why it was not kept")
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0, help_text="bytes")

    fence = Kind.CHILD
