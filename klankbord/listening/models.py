"""What an organisation follows, and what that found."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from klankbord.posts.models import Post
from klankbord.tenancy.fields import FencedForeignKey
from klankbord.tenancy.kinds import Kind
from klankbord.tenancy.models import Organisation, User

SHORTEST_KEPT, LONGEST_KEPT = 30, 90
"""Days that a find may be kept; after that only counts stay."""


class Dossier(models.Model):
    """A standing question with a purpose. Each organisation has one about its own place."""

    class Purpose(models.TextChoices):
        SERVICE = "service", _("service")
        COMMUNICATION = "communication", _("communication")
        CRISIS = "crisis", _("crisis communication")
        PUBLIC_ORDER = "public_order", _("public order")

    class Phase(models.TextChoices):
        AGENDA = "agenda", _("getting on the agenda")
        PREPARATION = "preparation", _("preparation")
        DECISION = "decision", _("decision")
        IMPLEMENTATION = "implementation", _("implementation")
        EVALUATION = "evaluation", _("evaluation")

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        ACTIVE = "active", _("running")
        ENDED = "ended", _("ended")

    class Reach(models.TextChoices):
        NOBODY = "", _("nobody")
        REGION = "region", _("organisations in the same safety region")
        PROVINCE = "province", _("organisations in the same province")
        COUNTRY = "country", _("all organisations")

    class Special(models.TextChoices):
        """Special categories of personal data (AVG 9(1)), and offences (AVG 10); the value names its list of words."""

        HEALTH = "gezondheid", _("health")
        BELIEF = "geloof", _("religion or belief")
        POLITICS = "politiek", _("political opinions")
        UNION = "vakbond", _("trade union membership")
        SEXUALITY = "geaardheid", _("sex life or sexual orientation")
        ORIGIN = "afkomst", _("racial or ethnic origin")
        BODY = "lichaam", _("genetic or biometric data")
        OFFENCES = "strafbaar", _("criminal offences")

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=120)
    is_place = models.BooleanField(
        default=False, help_text=_("The standing dossier about the organisation's own place")
    )
    words = ArrayField(models.CharField(max_length=80), verbose_name=_("words"), default=list, blank=True)
    query = models.TextField(_("what you follow"), blank=True)
    purpose = models.CharField(_("purpose"), max_length=40, choices=Purpose, default=Purpose.COMMUNICATION)
    legal_basis = models.TextField(_("legal basis"))
    owner = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("owner"))
    reason = models.TextField(_("reason"))
    topic = models.CharField(_("policy topic"), max_length=80, blank=True)
    phase = models.CharField(_("phase in the policy cycle"), max_length=20, choices=Phase, blank=True)
    ends_on = models.DateField(_("last day"), null=True, blank=True)
    review_on = models.DateField(_("review on"))
    retention_days = models.PositiveSmallIntegerField(
        _("days that finds are kept"), default=LONGEST_KEPT, help_text="After that only counts stay"
    )
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    declared = models.JSONField(
        default=list, help_text="Terms that looked like a person, each with what the owner states about it"
    )
    special = ArrayField(
        models.CharField(max_length=20, choices=Special),
        default=list,
        db_default=[],
        help_text="Special categories of personal data that its words touch (AVG 9 and 10), kept by the actions",
    )
    special_ground = models.TextField(_("extra ground for special personal data"), blank=True, db_default="")
    shared = models.CharField(_("counts are shared with"), max_length=10, choices=Reach, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    flagged_at = models.DateTimeField(
        null=True, help_text="Since when it runs with words that could not start any more; kept by the clock"
    )

    fence = Kind.HOUSE

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"], condition=models.Q(is_place=True), name="one_place_dossier"
            ),
            models.CheckConstraint(
                condition=Q(is_place=True)
                | ~Q(state="active")
                | (Q(ends_on__isnull=False) & ~Q(query="") & ~Q(legal_basis="") & ~Q(reason="")),
                name="dossier_lawful_when_active",
            ),
            models.CheckConstraint(
                condition=Q(retention_days__gte=SHORTEST_KEPT, retention_days__lte=LONGEST_KEPT),
                name="dossier_keeps_30_to_90_days",
            ),
            models.CheckConstraint(
                condition=~Q(state="active")
                | Q(special=[])
                | (~Q(special_ground="") & Q(retention_days__lte=SHORTEST_KEPT)),
                name="dossier_special_has_a_ground",
            ),
        ]
        indexes = [
            # what runs: asked at every batch that comes in
            models.Index(fields=["organisation"], condition=Q(state="active"), name="dossier_running"),
        ]

    @property
    def is_public_order(self) -> bool:
        """Such a dossier shows figures only, to few people, for fourteen days at most."""
        return self.purpose == self.Purpose.PUBLIC_ORDER

    @property
    def is_closed(self) -> bool:
        """It runs under a signature and shows figures; messages are opened for an hour, with a reason."""
        return self.is_public_order or bool(self.special)

    @property
    def is_flagged(self) -> bool:
        """It runs, and its words could not start any more."""
        return self.state == self.State.ACTIVE and self.flagged_at is not None

    @property
    def special_names(self) -> str:
        """The special categories in words, with commas between them."""
        return ", ".join(str(self.Special(one).label) for one in self.special)

    @classmethod
    def closed(cls, prefix: str = "") -> Q:
        """The same for the database; ``prefix`` leads to the dossier."""
        return Q(**{f"{prefix}purpose": cls.Purpose.PUBLIC_ORDER}) | ~Q(**{f"{prefix}special": []})


class Signature(models.Model):
    """The privacy officer agreed with one wording of a dossier, until a day."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    dossier = FencedForeignKey(Dossier, on_delete=models.CASCADE, related_name="signatures")
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=120, help_text="Copied as text: the signature outlives the account")
    query = models.TextField(help_text="What was agreed with; another wording needs another signature")
    special_ground = models.TextField(blank=True, db_default="", help_text="And on which extra ground")
    at = models.DateTimeField()
    until = models.DateField()

    fence = Kind.HOUSE

    class Meta:
        indexes = [models.Index(fields=["dossier", "-at"], name="signatures_of")]


class ListeningRules(models.Model):
    """What an organisation allows itself; the privacy officer decides. No row: the careful defaults."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    public_order = models.BooleanField(_("public order dossiers are possible"), default=False)

    fence = Kind.HOUSE

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation"], name="listening_rules_once")]


class FindsOpening(models.Model):
    """Somebody opens the messages behind the figures of a closed dossier, with a reason, for an hour."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    dossier = FencedForeignKey(Dossier, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    reason = models.TextField(_("reason"))
    until = models.DateTimeField()

    fence = Kind.HOUSE


class DossierNote(models.Model):
    """What a colleague thinks of what was found."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    dossier = FencedForeignKey(Dossier, on_delete=models.CASCADE, related_name="notes")
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=120)
    text = models.TextField(_("note"))
    at = models.DateTimeField()

    fence = Kind.HOUSE


class Follower(models.Model):
    """A colleague wants to be told what a dossier finds."""

    class When(models.TextChoices):
        FIND = "find", _("at every find")
        DAILY = "daily", _("every morning")
        RISE = "rise", _("when there is clearly more than usual")

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    dossier = FencedForeignKey(Dossier, on_delete=models.CASCADE, related_name="followers")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    when = models.CharField(max_length=6, choices=When, default=When.DAILY)
    seen_at = models.DateTimeField(help_text="What was found after this is new to this colleague")
    told_at = models.DateTimeField(null=True, help_text="When a mail about it went out last")

    fence = Kind.HOUSE

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dossier", "user"], name="follows_once")]


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


class Noise(models.Model):
    """A colleague says that a find does not belong in a dossier: the words must be sharper."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    dossier = FencedForeignKey(Dossier, on_delete=models.CASCADE, related_name="noise")
    post = FencedForeignKey(Post, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    fence = Kind.HOUSE

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dossier", "post"], name="noise_once")]


class Count(models.Model):
    """How often, per key and ten minutes; no persons, no posts. It stays when the finds are gone."""

    class Aspect(models.TextChoices):
        TOTAL = "total", _("Finds")
        WORD = "word", _("Word")
        SOURCE = "source", _("Source")
        LANGUAGE = "language", _("Language")

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    dossier = FencedForeignKey(Dossier, on_delete=models.CASCADE, related_name="+")
    aspect = models.CharField(max_length=8, choices=Aspect, default=Aspect.WORD)
    key = models.CharField(max_length=80)
    at = models.DateTimeField(help_text="Start of the ten minutes, by the moment of publication")
    number = models.PositiveIntegerField()

    fence = Kind.HOUSE

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dossier", "aspect", "key", "at"], name="count_once")]


class SharedDay(models.Model):
    """How often a shared dossier was found on one day: no persons, never fewer than five."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    dossier = FencedForeignKey(Dossier, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    topic = models.CharField(max_length=80)
    reach = models.CharField(max_length=10, choices=Dossier.Reach)
    day = models.DateField()
    number = models.PositiveIntegerField()

    fence = Kind.SHARED

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dossier", "day"], name="shared_day_once"),
            models.CheckConstraint(condition=Q(number__gte=5), name="shared_day_hides_few"),
        ]
        indexes = [models.Index(fields=["topic", "day"], name="shared_topic")]
