"""Mail for who follows a dossier: figures and a link, once, and only for who may read it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone

from klankbord.intake.telling import tell_followers
from klankbord.listening.models import Count, Dossier, Follower
from klankbord.listening.telling import is_rise
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Installation, Membership, Organisation
from tests.cast import Cast

Say = Callable[..., None]
HERE = ZoneInfo("Europe/Amsterdam")


@pytest.fixture
def followed(cast: Cast) -> int:
    """Amal follows the place dossier of a town that is no exercise, and there is a mail server."""
    Installation.objects.create(mail_host="mail.example", address="https://klankbord.example")
    with acting_for(cast.klankendam.pk):
        Organisation.objects.filter(pk=cast.klankendam.pk).update(is_demo=False)
        dossier = Dossier.objects.get(is_place=True)
        long_ago = timezone.now() - timedelta(days=9)
        Follower.objects.create(
            organisation=cast.klankendam, dossier=dossier, user=cast.amal, when="find", seen_at=long_ago
        )
        return dossier.pk


def heard(say: Say, cast: Cast, number: int = 1) -> None:
    for at in range(number):
        say(cast.square, f"u{at}", "Geheim op het Marktplein", addressed=False)


def test_a_find_is_mailed_once_without_its_words(
    cast: Cast, followed: int, say: Say, mailoutbox: list[EmailMessage]
) -> None:
    heard(say, cast, 2)
    tell_followers()
    tell_followers()
    [mail] = mailoutbox
    assert mail.to == [cast.amal.email]
    assert "Klankendam" in mail.subject
    assert f"https://klankbord.example/dossiers/{followed}/" in mail.body
    assert "Geheim" not in f"{mail.subject} {mail.body}"


def test_every_morning_means_once_a_day_from_seven(
    cast: Cast, followed: int, say: Say, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    with acting_for(cast.klankendam.pk):
        Follower.objects.update(when="daily")
    heard(say, cast)
    tomorrow = timezone.localdate() + timedelta(days=1)
    for hour, sent in ((6, 0), (7, 1), (8, 1)):
        at = datetime(tomorrow.year, tomorrow.month, tomorrow.day, hour, 11, tzinfo=HERE)
        monkeypatch.setattr(timezone, "now", lambda at=at: at)
        tell_followers()
        assert len(mailoutbox) == sent, hour


def test_a_rise_is_told_and_the_usual_is_not(
    cast: Cast, followed: int, say: Say, mailoutbox: list[EmailMessage]
) -> None:
    with acting_for(cast.klankendam.pk):
        Follower.objects.update(when="rise")
        for back in range(2, 28):
            at = timezone.now() - timedelta(days=back)
            Count.objects.create(
                organisation=cast.klankendam, dossier_id=followed, aspect="total", key="", at=at, number=2
            )
    heard(say, cast, 3)
    tell_followers()
    assert not mailoutbox
    for number in range(12):
        say(cast.square, f"meer{number}", "Druk op het Marktplein", addressed=False)
    tell_followers()
    tell_followers()
    assert len(mailoutbox) == 1


def test_who_lost_the_role_hears_nothing(cast: Cast, followed: int, say: Say, mailoutbox: list[EmailMessage]) -> None:
    with acting_for(cast.klankendam.pk):
        Membership.objects.filter(user=cast.amal).update(roles=["colleague"])
    heard(say, cast)
    tell_followers()
    assert not mailoutbox


def test_nothing_is_mailed_about_public_order_by_the_demo_or_without_a_server(
    cast: Cast, followed: int, say: Say, mailoutbox: list[EmailMessage]
) -> None:
    heard(say, cast)
    with acting_for(cast.klankendam.pk):
        Dossier.objects.update(purpose="public_order")
    tell_followers()
    with acting_for(cast.klankendam.pk):
        Dossier.objects.update(purpose="service")
        Organisation.objects.filter(pk=cast.klankendam.pk).update(is_demo=True)
    tell_followers()
    with acting_for(cast.klankendam.pk):
        Organisation.objects.filter(pk=cast.klankendam.pk).update(is_demo=False)
    Installation.objects.update(mail_host="")
    tell_followers()
    assert not mailoutbox


@pytest.mark.parametrize(
    ("number", "usual", "rise"),
    [(4, 0.0, False), (5, 0.1, True), (6, 4.0, False), (15, 4.0, True), (2000, 1500.0, False), (5000, 1500.0, True)],
)
def test_more_than_usual_is_more_than_chance_gives(number: int, usual: float, rise: bool) -> None:
    assert is_rise(number, usual) is rise
