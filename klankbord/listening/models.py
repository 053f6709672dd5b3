"""What an organisation follows, and what that found."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from klankbord.posts.models import Post
from klankbord.tenancy.fields import FencedForeignKey
from klankbord.tenancy.kinds import Kind
from klankbord.tenancy.models import Organisation, User


class Dossier(models.Model):
    """A standing question with a purpose. Each organisation has one about its own place."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=120)
    is_place = models.BooleanField(
        default=False, help_text=_("The standing dossier about the organisation's own place")
    )
    words = ArrayField(models.CharField(max_length=80), verbose_name=_("words"))
    purpose = models.CharField(_("purpose"), max_length=40, default="communication")
    legal_basis = models.TextField(_("legal basis"))
    owner = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("owner"))
    reason = models.TextField(_("reason"))
    review_on = models.DateField(_("review on"))

    fence = Kind.HOUSE

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"], condition=models.Q(is_place=True), name="one_place_dossier"
            )
        ]


class Match(models.Model):
    """A find: a post that a dossier asked for, and by which words."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    dossier = FencedForeignKey(Dossier, on_delete=models.CASCADE, related_name="matches")
    post = FencedForeignKey(Post, on_delete=models.CASCADE, related_name="matches")
    words = ArrayField(models.CharField(max_length=80), help_text="The words that were found")
    found_at = models.DateTimeField()

    fence = Kind.CHILD

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dossier", "post"], name="match_once")]


class Count(models.Model):
    """How often, per word and ten minutes; no persons, no posts."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    dossier = FencedForeignKey(Dossier, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=80)
    at = models.DateTimeField(help_text="Start of the ten minutes, by the moment of publication")
    number = models.PositiveIntegerField()

    fence = Kind.HOUSE

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dossier", "key", "at"], name="count_once")]
