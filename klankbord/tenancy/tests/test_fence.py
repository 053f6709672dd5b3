"""The fence: what the database itself shows to whom. Tried as the application's log-in, never as the owner."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils import timezone

from klankbord.base.trouble import is_passing
from klankbord.channels.models import Arrival, Channel, ChannelSecret, Delivery
from klankbord.inbox import actions
from klankbord.inbox.models import Conversation
from klankbord.listening.models import Count, Dossier, Match
from klankbord.posts.models import Attachment, Author, Post
from klankbord.tenancy.fence import acting_for, enter, entered, for_all_organisations
from klankbord.tenancy.models import AuditEntry, Mandate, Membership, Organisation, TeamMember, User
from klankbord.tenancy.roles import Right
from tests.cast import Cast

Say = Callable[..., None]
CONTENT = (Conversation, Post, Author, Arrival)


@pytest.fixture
def town(cast: Cast, say: Say) -> Cast:
    """Something was said everywhere: in public, in private, and to the mandating town."""
    say(cast.square, "public-1", "Het Marktplein in Klankendam is weer een bende.")
    say(cast.mail, "private-1", "Mijn paspoort is zoek.", visibility="direct")
    say(cast.luisterveen_mail, "private-2", "Wanneer wordt het gras gemaaid?", visibility="direct")
    say(cast.zwijgerswaard_mail, "private-3", "Vraag voor Zwijgerswaard.", visibility="direct")
    return cast


def seen_by(user: User) -> set[str]:
    with entered(user):
        return set(Post.objects.values_list("uri", flat=True))


def expire(mandate: Mandate) -> None:
    with acting_for(mandate.organisation_id):
        Mandate.objects.filter(pk=mandate.pk).update(
            valid_from=timezone.now() - timedelta(days=2), valid_until=timezone.now() - timedelta(seconds=1)
        )


def test_nothing_is_visible_before_somebody_entered(town: Cast) -> None:
    for model in (*CONTENT, Dossier, Membership, Channel, AuditEntry, Mandate):
        with pytest.raises(DatabaseError), transaction.atomic():
            list(model.objects.all()[:1])


def test_what_one_entered_is_gone_when_the_transaction_ends(town: Cast) -> None:
    with entered(town.amal):
        assert Post.objects.exists()
    with pytest.raises(DatabaseError), transaction.atomic():
        list(Post.objects.all()[:1])


def test_entering_needs_a_transaction(town: Cast) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        enter(town.amal)


def test_webcare_sees_own_town_and_mandated_town(town: Cast) -> None:
    assert seen_by(town.amal) == {"public-1", "private-1", "private-2"}


def test_a_coordinator_outside_the_desk_team_sees_no_mandated_town(town: Cast) -> None:
    assert seen_by(town.gijs) == {"public-1", "private-1"}


def test_an_editor_sees_public_conversations_only(town: Cast) -> None:
    assert seen_by(town.bram) == {"public-1"}


@pytest.mark.parametrize("who", ["chantal", "daan", "fatma"])
def test_administrator_colleague_and_privacy_officer_see_no_content(town: Cast, who: str) -> None:
    with entered(town.everybody[who]):
        for model in CONTENT:
            assert not model.objects.exists(), model
        assert not Delivery.objects.exists()
        assert not Match.objects.exists()


def test_the_wrong_organisation_sees_only_its_own(town: Cast) -> None:
    assert seen_by(town.eva) == {"private-3"}
    with entered(town.eva):
        for model in (*CONTENT, Dossier, Membership, Channel, ChannelSecret, Count, AuditEntry):
            organisations = set(model.objects.values_list("organisation", flat=True))
            assert organisations <= {town.zwijgerswaard.pk}, model
        assert not Mandate.objects.exists()


def test_a_mandate_opens_the_desk_and_not_the_house(town: Cast) -> None:
    with entered(town.amal):
        assert Conversation.objects.filter(organisation=town.luisterveen).exists()
        assert Channel.objects.filter(organisation=town.luisterveen).exists()
        for model in (Dossier, Membership, ChannelSecret, AuditEntry, Count):
            assert not model.objects.filter(organisation=town.luisterveen).exists(), model


def test_access_ends_the_minute_a_mandate_ends(town: Cast) -> None:
    expire(town.mandate)
    assert seen_by(town.amal) == {"public-1", "private-1"}


def test_a_mandate_that_has_not_begun_opens_nothing(town: Cast) -> None:
    with acting_for(town.luisterveen.pk):
        Mandate.objects.filter(pk=town.mandate.pk).update(
            valid_from=timezone.now() + timedelta(hours=1), valid_until=timezone.now() + timedelta(hours=2)
        )
    assert seen_by(town.amal) == {"public-1", "private-1"}


def test_a_mandate_for_one_channel_opens_only_that_one(town: Cast, say: Say) -> None:
    from klankbord.channels.models import MandatedChannel, Source

    with acting_for(town.luisterveen.pk):
        source = Source.objects.create(kind="paper", address="paper:second", next_fetch_at=timezone.now())
        second = Channel.objects.create(organisation=town.luisterveen, source=source, kind="paper", name="tweede")
        ChannelSecret.objects.create(
            organisation=town.luisterveen, channel=second, ciphertext=_same_secret(town.luisterveen_mail)
        )
        Mandate.objects.filter(pk=town.mandate.pk).update(all_channels=False)
        MandatedChannel.objects.create(organisation=town.luisterveen, mandate=town.mandate, channel=second)
    say(second, "private-9", "Op het tweede kanaal.", visibility="direct")
    assert seen_by(town.amal) == {"public-1", "private-1", "private-9"}


def _same_secret(channel: Channel) -> bytes:
    return bytes(ChannelSecret.objects.get(channel=channel).ciphertext)


def test_who_left_sees_nothing(town: Cast) -> None:
    with acting_for(town.klankendam.pk):
        Membership.objects.filter(user=town.amal).update(ended_at=timezone.now())
    assert seen_by(town.amal) == set()


def test_who_is_switched_off_sees_nothing(town: Cast) -> None:
    User.objects.filter(pk=town.amal.pk).update(is_active=False)
    assert seen_by(town.amal) == set()


def test_a_role_granted_by_mandate_opens_that_role_in_the_house(town: Cast) -> None:
    with acting_for(town.luisterveen.pk):
        Mandate.objects.filter(pk=town.mandate.pk).update(roles=["webcare"])
    with entered(town.amal) as sight:
        assert sight.may(Right.READ_DOSSIERS, town.luisterveen.pk)
        assert not sight.may(Right.WRITE_CHANNELS, town.luisterveen.pk)


def test_nobody_writes_in_the_wrong_organisation(town: Cast) -> None:
    with entered(town.amal):
        conversation = Conversation.objects.filter(organisation=town.klankendam).first()
        assert conversation is not None
    for who in ("eva", "daan", "chantal", "bram", "fatma"):
        with entered(town.everybody[who]):
            assert Conversation.objects.filter(pk=conversation.pk).update(preview="gekaapt") == 0
            assert Conversation.objects.filter(pk=conversation.pk).delete()[0] == 0
    with pytest.raises(DatabaseError), entered(town.eva):
        Dossier.objects.create(
            organisation=town.klankendam, name="x", words=["x"], legal_basis="x", reason="x", review_on="2027-01-01"
        )


def test_a_row_cannot_point_into_another_organisation(town: Cast) -> None:
    with acting_for(town.zwijgerswaard.pk):
        foreign = Author.objects.create(
            organisation=town.zwijgerswaard, kind="paper", network_id="x", handle="x", name="x"
        )
    with pytest.raises(DatabaseError), entered(town.amal):
        Conversation.objects.filter(organisation=town.klankendam).update(author=foreign.pk)


def test_a_job_for_one_organisation_sees_no_other(town: Cast) -> None:
    with acting_for(town.luisterveen.pk):
        assert set(Post.objects.values_list("uri", flat=True)) == {"private-2"}


def test_collecting_sees_every_organisation_and_must_say_why(town: Cast) -> None:
    with for_all_organisations("test"):
        assert Channel.objects.count() == 4
    with pytest.raises(ValueError, match="why"), for_all_organisations(""):
        pass


def test_a_privacy_officer_opens_one_conversation_with_a_reason(town: Cast, say: Say) -> None:
    say(town.mail, "private-8", "Nog een brief.", visibility="direct")
    with entered(town.amal):
        pk = Conversation.objects.get(root_uri="private-1").pk
    with entered(town.fatma):
        assert actions.open_with_reason(pk, "klacht van een bewoner", by=town.fatma)
    assert seen_by(town.fatma) == {"private-1"}
    with entered(town.fatma):
        assert Conversation.objects.get().author_id is not None
        assert Conversation.objects.filter(pk=pk).update(preview="x") == 0
        entry = AuditEntry.objects.get(actie="gesprek inzien met reden")
        assert entry.details == {"reden": "klacht van een bewoner"}


@pytest.mark.parametrize("who", ["eva", "chantal", "daan", "bram"])
def test_nobody_else_opens_with_a_reason(town: Cast, who: str) -> None:
    with entered(town.amal):
        pk = Conversation.objects.get(root_uri="private-1").pk
    before = seen_by(town.everybody[who])
    with entered(town.everybody[who]):
        assert not actions.open_with_reason(pk, "nieuwsgierig", by=town.everybody[who])
    assert seen_by(town.everybody[who]) == before


@pytest.mark.parametrize("act", ["UPDATE tenancy_auditentry SET actie = 'x'", "DELETE FROM tenancy_auditentry"])
def test_the_log_cannot_be_changed_or_deleted(town: Cast, act: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), entered(town.chantal):
        with connection.cursor() as cursor:
            cursor.execute(act)


def test_an_organisation_changes_only_itself(town: Cast) -> None:
    with entered(town.eva):
        assert Organisation.objects.count() == 3
        assert Organisation.objects.filter(pk=town.klankendam.pk).update(name="gekaapt") == 0


def test_the_application_has_no_power_over_the_fence(town: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolbypassrls, EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid)"
            " FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (False, False, False)


def test_a_reason_opens_the_thread_of_one_organisation_and_not_the_same_thread_elsewhere(town: Cast, say: Say) -> None:
    say(town.zwijgerswaard_mail, "private-1", "Dezelfde brief, aan een andere gemeente.", visibility="direct")
    with acting_for(town.zwijgerswaard.pk):
        Membership.objects.create(organisation=town.zwijgerswaard, user=town.fatma, roles=["colleague"])
    with entered(town.amal):
        pk = Conversation.objects.get(root_uri="private-1").pk
    with entered(town.fatma):
        assert actions.open_with_reason(pk, "klacht van een bewoner", by=town.fatma)
    with entered(town.fatma):
        assert {post.organisation_id for post in Post.objects.all()} == {town.klankendam.pk}
        assert {author.organisation_id for author in Author.objects.all()} == {town.klankendam.pk}


def test_what_a_lent_role_opened_shuts_with_the_mandate(town: Cast) -> None:
    with acting_for(town.luisterveen.pk):
        Mandate.objects.filter(pk=town.mandate.pk).update(roles=["privacy"])
    with acting_for(town.klankendam.pk):
        place = Membership.objects.get(user=town.fatma)
        TeamMember.objects.create(organisation=town.klankendam, team=town.desk, membership=place)
    with entered(town.amal):
        pks = [Conversation.objects.get(root_uri=root).pk for root in ("private-1", "private-2")]
    for pk in pks:
        with entered(town.fatma):
            assert actions.open_with_reason(pk, "klacht van een bewoner", by=town.fatma)
    assert seen_by(town.fatma) == {"private-1", "private-2"}
    expire(town.mandate)
    assert seen_by(town.fatma) == {"private-1"}
    with entered(town.fatma):
        assert {author.organisation_id for author in Author.objects.all()} == {town.klankendam.pk}


def test_a_mandate_lends_no_role_that_one_does_not_have_at_the_desk(town: Cast) -> None:
    with acting_for(town.luisterveen.pk):
        Mandate.objects.filter(pk=town.mandate.pk).update(roles=["privacy", "webcare"])
    with entered(town.amal) as sight:
        assert sight.roles[town.luisterveen.pk] == {"webcare"}


def test_who_only_reads_a_post_changes_nothing_that_hangs_on_it(town: Cast) -> None:
    with acting_for(town.klankendam.pk):
        post = Post.objects.get(uri="public-1")
        file = Attachment.objects.create(organisation=town.klankendam, post=post, filename="a", content_type="x/y")
    with entered(town.bram):
        assert Attachment.objects.filter(pk=file.pk).exists()
        assert Attachment.objects.filter(pk=file.pk).update(filename="gekaapt") == 0
        assert Match.objects.exists()
        assert Match.objects.all().delete()[0] == 0
    with pytest.raises(DatabaseError), entered(town.bram):
        Attachment.objects.create(organisation=town.klankendam, post=post, filename="b", content_type="x/y")


def test_what_is_lost_with_the_connection_is_never_lost_in_silence(cast: Cast) -> None:
    def go_away(execute: Callable[..., object], statement: str, *rest: object) -> object:
        if str(statement).startswith("ROLLBACK TO SAVEPOINT"):
            connection.connection.close()
        return execute(statement, *rest)

    with pytest.raises(OperationalError) as problem, acting_for(cast.klankendam.pk):
        with connection.execute_wrapper(go_away), suppress(ZeroDivisionError), transaction.atomic():
            raise ZeroDivisionError
    assert is_passing(problem.value)
    connection.close()
