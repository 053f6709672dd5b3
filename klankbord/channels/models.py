"""The connection with the outside: sources, channels, what arrived raw, what must go out."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from klankbord.tenancy.fields import FencedForeignKey
from klankbord.tenancy.kinds import Kind
from klankbord.tenancy.models import Mandate, Organisation


class Source(models.Model):
    """An address outside: fetched once for all when it is open to all, else by each organisation apart (``… #12``)."""

    kind = models.CharField(max_length=20)
    address = models.CharField(max_length=400)
    cursor = models.JSONField(default=dict)
    last_ok_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    failure = models.TextField(blank=True, help_text="For colleagues: what went wrong, without secrets")
    next_fetch_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, help_text="A process is fetching; after this moment another may")

    fence = Kind.SYSTEM

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "address"], name="source_once")]
        indexes = [models.Index(fields=["next_fetch_at"], name="source_due")]


class Gap(models.Model):
    """A stretch of time in which a source may have been missed."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="gaps")
    since = models.DateTimeField(null=True)
    until = models.DateTimeField()
    reason = models.TextField()

    fence = Kind.SYSTEM


class Channel(models.Model):
    """An organisation's use of a source: one connected account."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="channels")
    kind = models.CharField(max_length=20)
    name = models.CharField(_("name"), max_length=80)
    settings = models.JSONField(default=dict)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    fence = Kind.CHANNEL

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organisation", "source"], name="channel_once")]

    def __str__(self) -> str:
        return self.name


class ChannelSecret(models.Model):
    """What logs in to a channel, encrypted with the key in the secrets file."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    channel = FencedForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    ciphertext = models.BinaryField()

    fence = Kind.HOUSE

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel"], name="secret_once")]


class MandatedChannel(models.Model):
    """A channel that a mandate opens, where it does not open them all."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    mandate = FencedForeignKey(Mandate, on_delete=models.CASCADE, related_name="channels")
    channel = FencedForeignKey(Channel, on_delete=models.CASCADE, related_name="+")

    fence = Kind.HOUSE

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mandate", "channel"], name="mandated_once")]


class Landing(models.Model):
    """A raw thing on the doormat: durable before the network hears that we have it, here until it is routed."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="landings")
    key = models.CharField(max_length=600)
    body = models.BinaryField()
    received_at = models.DateTimeField()

    fence = Kind.SYSTEM

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="landed_once")]


class Arrival(models.Model):
    """A raw thing that belongs to one organisation: new, parsed, or in quarantine until its connector is mended."""

    class State(models.TextChoices):
        NEW = "new", _("New")
        PARSED = "parsed", _("Understood")
        QUARANTINED = "quarantined", _("In quarantine")

    # both have an index that begins with them: a key to (organisation, id), and "arrived_once"
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+", db_index=False)
    channel = FencedForeignKey(Channel, on_delete=models.CASCADE, related_name="+", db_index=False)
    private = models.BooleanField(default=True)
    key = models.CharField(max_length=600)
    body = models.BinaryField(null=True, help_text="Emptied a week after it was understood")
    state = models.CharField(max_length=12, choices=State, default=State.NEW)
    outcome = models.TextField(blank=True, help_text="Why it was ignored or could not be understood")
    received_at = models.DateTimeField()
    parsed_at = models.DateTimeField(null=True)

    fence = Kind.DESK

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "key"], name="arrived_once")]
        indexes = [
            models.Index(fields=["channel", "id"], condition=Q(state="new"), name="arrival_new"),
            models.Index(fields=["channel", "id"], condition=Q(state="quarantined"), name="arrival_quarantine"),
            models.Index(fields=["parsed_at"], condition=Q(body__isnull=False), name="arrival_to_empty"),
        ]


class Delivery(models.Model):
    """One answer on its way out: sent once, or marked uncertain."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting to be sent")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        UNCERTAIN = "uncertain", _("Uncertain")
        FAILED = "failed", _("Not sent")

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    channel = FencedForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    private = models.BooleanField()
    client_id = models.UUIDField(unique=True)
    outgoing = models.JSONField(help_text="The Outgoing as the connector gets it, files by their hash")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    external_id = models.CharField(max_length=1000, blank=True)
    web_url = models.CharField(max_length=1000, blank=True)
    problem = models.TextField(blank=True, help_text="For colleagues: what went wrong")
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(null=True)
    attempted_at = models.DateTimeField(null=True)
    looked_up_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    fence = Kind.DESK

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=["pending", "sending", "uncertain"]),
                name="delivery_due",
            ),
            models.Index(fields=["channel", "external_id"], name="delivery_by_external_id"),
        ]
