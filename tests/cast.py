"""The cast of the tests: three municipalities, one mandate, the people of STYLE. All fictional."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from klankbord.channels.models import Channel, ChannelSecret, Source
from klankbord.channels.registry import encrypt
from klankbord.listening.models import Dossier, DossierNote
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Mandate, Membership, Organisation, Team, TeamMember, User


@dataclass
class Cast:
    klankendam: Organisation
    luisterveen: Organisation
    zwijgerswaard: Organisation
    amal: User
    """Webcare in Klankendam, in the desk team that holds the mandate of Luisterveen."""
    bram: User
    """Editor in Klankendam."""
    chantal: User
    """Administrator of Klankendam: sees no content."""
    daan: User
    """Colleague in Luisterveen."""
    fatma: User
    """Privacy officer of Klankendam."""
    gijs: User
    """Coordinator of Klankendam, not in the desk team."""
    eva: User
    """Webcare in Zwijgerswaard: the wrong organisation."""
    desk: Team
    mandate: Mandate
    mail: Channel
    """Klankendam's mail-like channel."""
    square: Channel
    """Klankendam's public channel."""
    luisterveen_mail: Channel
    zwijgerswaard_mail: Channel

    @property
    def everybody(self) -> dict[str, User]:
        return {name: getattr(self, name) for name in ("amal", "bram", "chantal", "daan", "fatma", "gijs", "eva")}


def make_cast() -> Cast:
    """Written as the owner of the tables, beside the fence."""
    now = timezone.now()

    def organisation(name: str) -> Organisation:
        made = Organisation.objects.create(name=f"Gemeente {name}", is_demo=True)
        Dossier.objects.create(
            organisation=made,
            name=name,
            is_place=True,
            words=[name.lower(), "marktplein"],
            legal_basis="AVG 6 lid 1 onder e",
            reason="Oefening",
            review_on=now.date() + timedelta(days=365),
            state="active",
        )
        return made

    def person(name: str, where: Organisation, *roles: str) -> User:
        user = User(email=f"{name.lower()}@{where.name.split()[-1].lower()}.example", name=name, is_demo=True)
        user.set_unusable_password()
        user.save()
        Membership.objects.create(organisation=where, user=user, roles=list(roles))
        return user

    def channel(where: Organisation, name: str, kind: str) -> Channel:
        source = Source.objects.create(kind=kind, address=f"{kind}:{name}", next_fetch_at=now + timedelta(days=1))
        made = Channel.objects.create(organisation=where, source=source, kind=kind, name=name, settings={})
        ChannelSecret.objects.create(organisation=where, channel=made, ciphertext=encrypt({}))
        return made

    klankendam, luisterveen, zwijgerswaard = map(organisation, ("Klankendam", "Luisterveen", "Zwijgerswaard"))
    desk = Team.objects.create(organisation=klankendam, name="Webcareteam Klankendam")
    amal = person("Amal", klankendam, "webcare")
    TeamMember.objects.create(organisation=klankendam, team=desk, membership=amal.memberships.get())
    return Cast(
        klankendam=klankendam,
        luisterveen=luisterveen,
        zwijgerswaard=zwijgerswaard,
        amal=amal,
        bram=person("Bram", klankendam, "editor"),
        chantal=person("Chantal", klankendam, "admin"),
        daan=person("Daan", luisterveen, "colleague"),
        fatma=person("Fatma", klankendam, "privacy"),
        gijs=person("Gijs", klankendam, "coordinator"),
        eva=person("Eva", zwijgerswaard, "webcare"),
        desk=desk,
        mandate=Mandate.objects.create(
            organisation=luisterveen,
            desk_organisation=klankendam,
            desk_team=desk,
            decision="Mandaatbesluit (oefening)",
            processor_agreement="Verwerkersovereenkomst (oefening)",
            valid_from=now - timedelta(days=1),
            valid_until=now + timedelta(days=1),
        ),
        mail=channel(klankendam, "post@klankendam.example", "paper"),
        square=channel(klankendam, "@klankendam@plein.example", "paper"),
        luisterveen_mail=channel(luisterveen, "post@luisterveen.example", "paper"),
        zwijgerswaard_mail=channel(zwijgerswaard, "post@zwijgerswaard.example", "paper"),
    )


def follow(town: Organisation, word: str) -> None:
    """A dossier that finds what is said about lamps, with everything a colleague adds to it."""
    with acting_for(town.pk):
        followed = Dossier.objects.create(
            organisation=town,
            name=word,
            query="lantaarn",
            reason=word,
            legal_basis=word,
            topic=word,
            ends_on=timezone.localdate() + timedelta(days=9),
            review_on=timezone.localdate(),
            state="active",
        )
        DossierNote.objects.create(organisation=town, dossier=followed, name=word, text=word, at=timezone.now())
