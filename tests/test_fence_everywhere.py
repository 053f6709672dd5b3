"""Every address of the house, tried by everybody who should see or change nothing there.

A word that nobody else uses is planted in every field that holds content. Whoever may not read it must not meet it on
any page, and no POST of theirs may change a row, seen through the owner's connection. A new address must get a line in
``tests/spots.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from klankbord.channels.models import Channel, Delivery, Source
from klankbord.inbox import actions, drafts, presence
from klankbord.inbox.models import Conversation, Draft, Step
from klankbord.listening.models import Dossier
from klankbord.posts.files import keep_file
from klankbord.posts.models import Attachment, Post
from klankbord.tenancy.audit import record
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import Invitation, Mandate, Membership, Organisation, ProviderGroup, User
from tests.cast import Cast, follow
from tests.ledger import Ledger
from tests.spots import OF_A_HOUSE, SPOTS, Spot
from tests.test_addresses import FOUND

Say = Callable[..., None]

PUBLIC, PRIVATE, HOUSE = "openbaarmerk", "beslotenmerk", "huismerk"
KLANKENDAM, LUISTERVEEN = "klankendam", "luisterveen"


def planted(what: str, where: str) -> str:
    """The word for this kind of content of this town."""
    return f"{what}{where[0]}q"


EVERY_WORD = {planted(what, where) for what in (PUBLIC, PRIVATE, HOUSE) for where in (KLANKENDAM, LUISTERVEEN)}
OWN = {what: planted(what, KLANKENDAM) for what in (PUBLIC, PRIVATE, HOUSE)}
# What each may meet; Amal after the mandate of Luisterveen has ended.
MAY_MEET: dict[str, set[str]] = {
    "nobody": set(),
    "eva": set(),
    "daan": set(),
    "chantal": {OWN[HOUSE]},
    "fatma": {OWN[HOUSE]},
    "bram": {OWN[HOUSE], OWN[PUBLIC]},
    "amal": {OWN[HOUSE], OWN[PUBLIC], OWN[PRIVATE]},
}


def test_every_address_is_tried() -> None:
    missing = sorted(set(FOUND) - set(SPOTS))
    assert not missing, (
        f"new here: {missing}. Add a line to SPOTS in tests/spots.py: which things its number stands for, and who"
        " may post there in their own town. Everybody else will then be tried."
    )
    assert not set(SPOTS) - set(FOUND), "these addresses are gone: take them out of SPOTS"


# ---- what is there to find -------------------------------------------------------------------------------


@dataclass
class Things:
    """The numbers of what each town has, by kind."""

    cast: Cast
    numbers: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    def add(self, kind: str, where: str, *pks: int) -> None:
        self.numbers.setdefault(kind, {}).setdefault(where, []).extend(pks)


@pytest.fixture
def things(cast: Cast, say: Say) -> Things:
    """Both towns full of words to find: said, answered, kept and logged."""
    made = Things(cast)
    with acting_for(cast.luisterveen.pk):
        source = Source.objects.create(kind="paper", address="paper:plein", next_fetch_at=timezone.now())
        square = Channel.objects.create(organisation=cast.luisterveen, source=source, kind="paper", name="plein")
    for where, town, channels in (
        (KLANKENDAM, cast.klankendam, (cast.square, cast.mail)),
        (LUISTERVEEN, cast.luisterveen, (square, cast.luisterveen_mail)),
    ):
        follow(town, planted(HOUSE, where))
        for channel, what, visibility in zip(channels, (PUBLIC, PRIVATE), ("public", "direct"), strict=True):
            _talk(cast, say, channel, planted(what, where), visibility)
        # private words in a public thread
        word = planted(PRIVATE, where)
        root = f"{planted(PUBLIC, where)}-root"
        say(channels[0], f"{where}-aside", f"Onder ons: lantaarn {word}", parent_uri=root, visibility="direct")
        _furnish(town, planted(HOUSE, where))
        _count(made, where, town)
    return made


def _talk(cast: Cast, say: Say, channel: Channel, word: str, visibility: str) -> None:
    author = {"network_id": f"id-{word}", "handle": f"@{word}", "name": f"Bewoner {word}"}
    more: dict[str, Any] = {
        "subject": word,
        "warning": word,
        "quoted": word,
        "author": author,
        "visibility": visibility,
    }
    say(channel, f"{word}-root", f"De lantaarn is stuk {word}", **more)
    say(channel, f"{word}-root", f"De lantaarn is nog stuk {word}", key=f"{word}-edit", **more)
    say(channel, f"{word}-bad", "", body=f"geen papier {word}".encode())
    with entered(cast.amal):
        conversation = Conversation.objects.select_related("channel").get(root_uri=f"{word}-root")
        file = actions.NewFile(f"{word}.txt", "text/plain", word.encode(), word)
        text = f"Wij komen langs {word}"
        post = actions.reply(conversation, text, by=cast.amal, client_id=uuid4(), seen=10**9, files=[file])
        actions.write_note(conversation, f"Notitie {word}", by=cast.amal)
        # nobody has said this yet: also about a public conversation it is for who may write
        draft = word.replace(PUBLIC, PRIVATE)
        drafts.keep_draft(conversation, "reply", f"Concept {draft}", by=cast.amal, form=uuid4())
        presence.arrive(conversation, writing=True, by=cast.amal, now=timezone.now())
    with acting_for(channel.organisation_id):
        # undecided, so that there is something to decide
        Delivery.objects.filter(posts__uri=post.uri).update(state="uncertain", problem=f"Onbekend {word}")
        Attachment.objects.create(
            organisation_id=channel.organisation_id,
            post_id=Post.objects.values_list("pk", flat=True).get(uri=f"{word}-root"),
            filename=f"{word}.png",
            content_type="image/png",
            alt_text=word,
            state=Attachment.State.KEPT,
            sha256=keep_file(channel.organisation_id, b"\x89PNG\r\n\x1a\n" + word.encode()),
        )


def _furnish(town: Organisation, word: str) -> None:
    with acting_for(town.pk):
        Dossier.objects.filter(organisation=town).update(name=word, words=[word], reason=word, legal_basis=word)
        somebody = User.objects.create(email=f"{word}@{word}.example", name=f"Lid {word}", is_demo=True)
        Membership.objects.create(organisation=town, user=somebody, roles=["webcare"])
        ProviderGroup.objects.create(organisation=town, group=word, roles=["webcare"])
        Channel.objects.filter(organisation=town).update(name=word)
        Invitation.objects.create(
            organisation=town,
            email=f"gast@{word}.example",
            roles=["webcare"],
            token_hash=word.encode(),
            expires_at=timezone.now() + timedelta(days=1),
        )
        record(town.pk, "proef", f"proef:{word}", by=None, details={"woord": word})


def _count(made: Things, where: str, town: Organisation) -> None:
    kinds = {
        "conversation": Conversation,
        "draft": Draft,
        "step": Step,
        "delivery": Delivery,
        "file": Attachment,
        "channel": Channel,
        "membership": Membership,
        "invitation": Invitation,
        "mandate": Mandate,
        "group": ProviderGroup,
        "dossier": Dossier,
    }
    with acting_for(town.pk):
        for kind, model in kinds.items():
            made.add(kind, where, *model._default_manager.filter(organisation=town).values_list("pk", flat=True))


def end_mandate(cast: Cast) -> None:
    with acting_for(cast.luisterveen.pk):
        now = timezone.now()
        Mandate.objects.update(valid_from=now - timedelta(days=2), valid_until=now - timedelta(seconds=1))


# ---- trying ----------------------------------------------------------------------------------------------


def client_of(things: Things, who: str) -> Client:
    client = Client(raise_request_exception=False)
    if who != "nobody":
        client.force_login(things.cast.everybody[who])
    return client


def tries(things: Things, address: str, spot: Spot, towns: tuple[str, ...]) -> Iterator[str]:
    """The addresses to ask for, with the numbers of what these towns have."""
    if spot.untried:
        return
    plain = spot.filled or address
    numbers = [pk for town in towns for pk in things.numbers[spot.ids].get(town, [])] if spot.ids else [0]
    named = {town: getattr(things.cast, town).pk for town in (KLANKENDAM, LUISTERVEEN)}
    # without a town one's own is meant
    asked = spot.questions if KLANKENDAM in towns or spot.questions != OF_A_HOUSE else OF_A_HOUSE[1:2]
    for question in asked:
        for pk in numbers:
            yield "/" + plain.replace("<int:pk>", str(pk)) + question.format(**named)


def met(response: Any) -> set[str]:
    """The planted words in an answer, its headers included."""
    said = (response.content.decode(errors="replace") + str(response.headers)).lower()
    return {word for word in EVERY_WORD if word in said}


def everything(things: Things, who: str) -> dict[str, set[str]]:
    client = client_of(things, who)
    found: dict[str, set[str]] = {}
    for address, spot in SPOTS.items():
        for url in tries(things, address, spot, (KLANKENDAM, LUISTERVEEN)):
            response = client.get(url)
            assert response.status_code < 500 or url == "/health", f"{url} as {who}: {response.status_code}"
            found[url] = met(response)
    return found


def test_what_is_planted_is_found_by_who_may_see_it(things: Things) -> None:
    """Else the test above could not fail."""
    before = set().union(*everything(things, "amal").values())
    assert before >= {OWN[PUBLIC], OWN[PRIVATE], planted(PUBLIC, LUISTERVEEN), planted(PRIVATE, LUISTERVEEN)}
    assert set().union(*everything(things, "bram").values()) == MAY_MEET["bram"]
    assert set().union(*everything(things, "chantal").values()) == MAY_MEET["chantal"]
    with acting_for(things.cast.luisterveen.pk):
        Membership.objects.filter(user=things.cast.daan).update(roles=["admin", "webcare"])
    luisterveen = {planted(what, LUISTERVEEN) for what in (PUBLIC, PRIVATE, HOUSE)}
    assert set().union(*everything(things, "daan").values()) == luisterveen


# Whatever a form may ask, in one body: each address takes what it knows.
BODY = {
    "text": "gekaapt",
    "seen": "999999999",
    "visibility": "public",
    "assignee": "me",
    "reason": "nieuwsgierig",
    "enabled": "no",
    "email": "kaper@gekaapt.example",
    "roles": ["admin", "webcare"],
    "name": "gekaapt",
    "group": "gekaapt",
    "words": "gekaapt",
    "decision": "gekaapt",
    "processor_agreement": "gekaapt",
    "channel_name": "gekaapt",
    "address": "https://gekaapt.example",
    "mail_host": "gekaapt.example",
    "mail_security": "starttls",
    "municipality": "GM0014",
    "code": "AAAA-BBBB-CCCC-DDDD",
    "login": "kaper@gekaapt.example",
    "password": "een lange zin die niemand raadt",
}


@pytest.fixture
def ledger(things: Things) -> Iterator[Ledger]:
    made = Ledger()
    yield made
    made.owner.close()


@pytest.mark.parametrize("who", MAY_MEET)
def test_nobody_meets_or_changes_what_is_not_theirs(things: Things, ledger: Ledger, who: str) -> None:
    end_mandate(things.cast)
    foreign = {url: words - MAY_MEET[who] for url, words in everything(things, who).items()}
    assert not {url: words for url, words in foreign.items() if words}
    client, today = client_of(things, who), timezone.localdate()
    body = BODY | {
        "team": str(things.cast.desk.pk),
        "valid_from": today.isoformat(),
        "valid_until": (today + timedelta(days=9)).isoformat(),
    }
    before = ledger.sums()
    for address, spot in SPOTS.items():
        towns = (LUISTERVEEN,) if who in spot.may else (KLANKENDAM, LUISTERVEEN)
        for url in tries(things, address, spot, towns):
            response = client.post(url, body | {"client_id": str(uuid4())})
            assert response.status_code < 500, f"{url} as {who}: {response.status_code}"
            assert not met(response) - MAY_MEET[who], f"{url} as {who}"
            after = ledger.sums()
            assert after == before, f"{url} as {who} changed {sorted({row[0] for row in after ^ before})}"


def test_a_post_that_may_be_done_is_seen_in_the_ledger(things: Things, ledger: Ledger) -> None:
    """Else the test above could not fail."""
    before = ledger.sums()
    url = f"/desk/{things.numbers['conversation'][KLANKENDAM][0]}/note"
    assert client_of(things, "amal").post(url, {"text": "Notitie"}).status_code == 302
    changed = {row[0] for row in ledger.sums() ^ before}
    assert changed >= {"posts_post", "tenancy_auditentry"}
