"""Organisations, the people who work there, and who lets whom act for them."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from klankbord.tenancy.fields import FencedForeignKey
from klankbord.tenancy.kinds import Kind
from klankbord.tenancy.roles import ROLE_CHOICES


class Municipality(models.Model):
    """One of the municipalities on the list of Statistics Netherlands; reference data."""

    code = models.CharField(max_length=6, unique=True, help_text=_("CBS code, for instance GM0014"))
    name = models.CharField(max_length=80)
    province = models.CharField(max_length=40)
    population = models.PositiveIntegerField()
    latitude = models.FloatField(help_text=_("WGS84 degrees"))
    longitude = models.FloatField(help_text=_("WGS84 degrees"))
    area_code = models.CharField(max_length=5, blank=True)
    tooi = models.CharField(max_length=120, blank=True)
    safety_region = models.CharField(max_length=80, blank=True)

    fence = Kind.OPEN

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Organisation(models.Model):
    """The body that answers in law for the data (AVG: controller): the tenant."""

    name = models.CharField(_("name"), max_length=120)
    municipality = models.OneToOneField(Municipality, null=True, blank=True, on_delete=models.PROTECT)
    is_demo = models.BooleanField(default=False, help_text=_("Fictional: everything in it is labelled as exercise"))
    created_at = models.DateTimeField(auto_now_add=True)
    first_day_done_at = models.DateTimeField(
        null=True, blank=True, help_text=_("The list of the first day is put away")
    )
    style_version = models.CharField(max_length=16, blank=True, db_default="", help_text="Of its theme; empty: ours")
    logo_version = models.CharField(max_length=16, blank=True, db_default="", help_text="Of its logo; empty: none")

    fence = Kind.SHARED

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class HouseStyle(models.Model):
    """How an organisation looks: its design tokens, as they were checked, and its logo."""

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, related_name="+")
    light = models.JSONField(default=dict, help_text="Values by the name of the custom property")
    dark = models.JSONField(default=dict, help_text="The same for the dark display; empty: ours")
    logo = models.BinaryField(null=True)
    logo_type = models.CharField(max_length=20, blank=True)

    fence = Kind.HOUSE


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """Somebody who can log in. What they may see follows from memberships and mandates, never from this row."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)
    date_joined = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = UserManager()
    fence = Kind.SYSTEM

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"), name="user_email_once", violation_error_message=_("This address is already in use.")
            )
        ]

    def __str__(self) -> str:
        return self.name


class Session(AbstractBaseSession):
    """Somebody is logged in on some device. Where that is, is nobody's business; when it was last used, its owner's."""

    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    device = models.CharField(max_length=60, blank=True)
    began_at = models.DateTimeField()
    used_at = models.DateTimeField()

    fence = Kind.SYSTEM


class Preference(models.Model):
    """How somebody wants to see and work the screen, on every device."""

    class Theme(models.TextChoices):
        DEVICE = "", _("As my device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")
    language = models.CharField(max_length=8, blank=True, help_text="Empty: as the browser asks")
    theme = models.CharField(max_length=5, choices=Theme, default=Theme.DEVICE, blank=True)
    single_keys = models.BooleanField(default=True, help_text="Keys of one letter at the desk")

    fence = Kind.PERSONAL


class Team(models.Model):
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=80)

    fence = Kind.HOUSE

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="team_name_once")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """Somebody works here, in a set of roles, until it ends."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    roles = ArrayField(models.CharField(max_length=16, choices=ROLE_CHOICES), verbose_name=_("roles"))
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    follows_provider = models.BooleanField(
        db_default=False, help_text="Roles come from groups of the identity provider, at each log-in"
    )

    fence = Kind.HOUSE

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "user"], name="member_once")]


class ProviderGroup(models.Model):
    """Who is in this group of the identity provider has these roles here, from the next log-in on."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    group = models.CharField(_("group"), max_length=200)
    roles = ArrayField(models.CharField(max_length=16, choices=ROLE_CHOICES), verbose_name=_("roles"))

    fence = Kind.HOUSE

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "group"], name="provider_group_once")]


class Invitation(models.Model):
    """A link that lets somebody join, once, within a week. Only the hash of what is in the link is kept."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    email = models.EmailField(_("e-mail address"))
    roles = ArrayField(models.CharField(max_length=16, choices=ROLE_CHOICES), verbose_name=_("roles"))
    token_hash = models.BinaryField(max_length=32, unique=True)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    fence = Kind.HOUSE

    class Meta:
        indexes = [models.Index(fields=["organisation", "-created_at"], name="invitations_page")]


class Installation(models.Model):
    """The one row about this installation: its address for people, and the mail server that carries its own mail."""

    address = models.URLField(_("address"), blank=True, max_length=200)
    mail_from = models.EmailField(_("sender"), blank=True)
    mail_host = models.CharField(_("mail server"), blank=True, max_length=253)
    mail_port = models.PositiveIntegerField(_("port"), default=587)
    mail_security = models.CharField(_("encryption"), max_length=10, default="starttls")
    mail_user = models.CharField(_("user name"), blank=True, max_length=254)
    mail_secret = models.BinaryField(null=True, help_text="The password, encrypted with the key in the secrets file")
    changed_at = models.DateTimeField(auto_now=True)

    fence = Kind.SYSTEM


class TeamMember(models.Model):
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    team = FencedForeignKey(Team, on_delete=models.CASCADE, related_name="members")
    membership = FencedForeignKey(Membership, on_delete=models.CASCADE, related_name="teams")

    fence = Kind.HOUSE

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "membership"], name="in_team_once")]


class Mandate(models.Model):
    """An organisation lets a team of another act for it: on which channels, until when, on which decision."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    desk_organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    desk_team = FencedForeignKey(Team, on_delete=models.PROTECT, related_name="+", beside="desk_organisation")
    all_channels = models.BooleanField(_("all channels"), default=True)
    roles = ArrayField(
        models.CharField(max_length=16, choices=ROLE_CHOICES),
        default=list,
        blank=True,
        help_text=_("Roles the principal cannot fill itself, such as the privacy officer"),
    )
    decision = models.TextField(_("legal decision"), help_text=_("The decision this mandate rests on"))
    processor_agreement = models.TextField(_("processor agreement"))
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"))

    fence = Kind.PACT

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__gt=models.F("valid_from")),
                name="mandate_ends_after_start",
                violation_error_message=_("A mandate ends after it starts."),
            ),
            models.CheckConstraint(
                condition=~Q(organisation=models.F("desk_organisation")),
                name="mandate_between_two",
                violation_error_message=_("A mandate is between two organisations."),
            ),
        ]


class AuditEntry(models.Model):
    """One act, in the words of BIO2 8.15.01. The readable part can be erased; its digest keeps the chain whole."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    actie = models.CharField(max_length=60)
    object = models.CharField(max_length=120)
    resultaat = models.CharField(max_length=20, default="gelukt")
    oorsprong = models.CharField(max_length=60, default="scherm")
    actor = models.CharField(max_length=160, help_text="Name and desk, copied as text")
    by_user = models.BigIntegerField(null=True, help_text="Loosely: the entry outlives the account")
    tijdstempel = models.DateTimeField()
    details = models.JSONField(default=dict)
    salt = models.BinaryField(max_length=16)
    digest = models.BinaryField(max_length=32)
    erased_at = models.DateTimeField(null=True)

    fence = Kind.JOURNAL

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "-tijdstempel"], name="audit_page"),
            models.Index(fields=["organisation", "object", "id"], name="audit_of_object"),
        ]


class AuditSeal(models.Model):
    """The place of one entry in its organisation's hash chain."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveBigIntegerField()
    entry = FencedForeignKey(AuditEntry, on_delete=models.PROTECT, related_name="+")
    chain = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField()

    fence = Kind.JOURNAL

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "number"], name="seal_number_once"),
            models.UniqueConstraint(fields=["entry"], name="sealed_once"),
        ]
