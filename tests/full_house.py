"""A house that is very full: 10,000 conversations, 341 other towns, 200 mandates, 400 colleagues, endless words."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from klankbord.channels.models import Channel, Source
from klankbord.inbox.models import Conversation
from klankbord.listening.models import Dossier
from klankbord.posts.models import Author, Post
from klankbord.tenancy.models import Mandate, Membership, Organisation, Team, User

TOWNS, MANDATES, TEAMS = 341, 200, 60
CONVERSATIONS, COLLEAGUES, DOSSIERS = 10_000, 400, 60
WORD = "Aansprakelijkheidsverzekeringsmaatschappij"  # no space in it to break at
NAME = f"Wilhelmina-Alexandrine van {WORD}-Oudewater tot Stormschans"
TEXT = f"{WORD} https://www.oefening.example/{'zeer-lang-adres-' * 8} {WORD * 3} (oefening)"


def fill() -> None:
    """Fills the demo, as the owner of the tables. Everything is made up."""
    now = timezone.now()
    house = Organisation.objects.get(name__startswith="Gemeente Klankendam")
    desk = Team.objects.get(organisation=house, name__startswith="Webcareteam")
    _talk(house, now)
    towns = Organisation.objects.bulk_create(
        Organisation(name=f"Gemeente {WORD}dam aan de Klank {number} (oefening)", is_demo=True)
        for number in range(TOWNS)
    )
    principals = towns[:MANDATES]
    Team.objects.bulk_create(Team(organisation=town, name=f"Webcareteam {WORD}") for town in towns)
    Team.objects.bulk_create(Team(organisation=house, name=f"{WORD} {number}") for number in range(TEAMS))
    Mandate.objects.bulk_create(
        Mandate(
            organisation=town,
            desk_organisation=house,
            desk_team=desk,
            decision=f"Mandaatbesluit (oefening) {WORD}",
            processor_agreement=f"Verwerkersovereenkomst (oefening) {WORD}",
            valid_from=now - timedelta(days=1),
            valid_until=now + timedelta(days=300),
        )
        for town in principals
    )
    sources = Source.objects.bulk_create(
        Source(kind="tip", address=f"tip:vol-{town.pk}", next_fetch_at=now + timedelta(days=1)) for town in principals
    )
    Channel.objects.bulk_create(
        Channel(organisation=town, source=source, kind="tip", name=f"Telefoon {WORD}", settings={"id": str(town.pk)})
        for town, source in zip(principals, sources, strict=True)
    )
    people = User.objects.bulk_create(
        User(email=f"{WORD}{number}@vol.example".lower(), name=f"{NAME} {number}", password="!", is_demo=True)
        for number in range(COLLEAGUES)
    )
    Membership.objects.bulk_create(
        Membership(organisation=house, user=user, roles=["webcare", "editor", "analyst", "privacy"]) for user in people
    )
    Dossier.objects.bulk_create(
        Dossier(
            organisation=house,
            name=f"{WORD} {number} (oefening)",
            query=f"{WORD} OF klankbrug{number}",
            reason=TEXT,
            legal_basis=TEXT,
            topic=WORD,
            ends_on=now.date() + timedelta(days=90),
            review_on=now.date() + timedelta(days=30),
            state="active" if number % 2 else "draft",
        )
        for number in range(DOSSIERS)
    )


def _talk(house: Organisation, now: datetime) -> None:
    channel = Channel.objects.filter(organisation=house, kind="exercise").order_by("pk")[0]
    author = Author.objects.create(
        organisation=house, kind="exercise", network_id="vol", handle=f"@{WORD.lower()}@vol.example", name=NAME
    )
    moments = [now - timedelta(minutes=1 + number) for number in range(CONVERSATIONS)]
    Post.objects.bulk_create(
        (
            Post(
                organisation=house,
                channel=channel,
                author=author,
                direction="in",
                visibility="direct",
                private=True,
                uri=f"vol:{number}",
                root_uri=f"vol:{number}",
                subject=WORD,
                text=TEXT,
                tokens="",
                published_at=moment,
                received_at=moment,
            )
            for number, moment in enumerate(moments)
        ),
        batch_size=1000,
    )
    Conversation.objects.bulk_create(
        (
            Conversation(
                organisation=house,
                channel=channel,
                private=True,
                root_uri=f"vol:{number}",
                author=author,
                author_name=NAME,
                subject=WORD,
                preview=TEXT[:200],
                opened_at=moment,
                last_post_at=moment,
                waiting_since=moment,
            )
            for number, moment in enumerate(moments)
        ),
        batch_size=1000,
    )
