"""The demo opens on dossiers that live: weeks of figures, finds without names, neighbours to compare with."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from klankbord.channels.models import Arrival
from klankbord.listening.models import Count, Dossier, Match, SharedDay
from klankbord.posts.models import Author, Post
from klankbord.project import demo


def test_the_dossiers_of_the_demo_live(clean_database: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "DATA", tmp_path)
    assert demo.load(timezone.now())
    assert not Arrival.objects.exclude(state=Arrival.State.PARSED).exists()
    followed = Dossier.objects.filter(is_place=False)
    assert followed.count() == 3
    for dossier in followed:
        assert "oefening" in dossier.name
        assert dossier.state == Dossier.State.ACTIVE
        assert Match.objects.filter(dossier=dossier).count() > 15, dossier.name
        days = {count.at.date() for count in Count.objects.filter(dossier=dossier, aspect="total")}
        assert len(days) > 7, dossier.name
    assert {shared.topic for shared in SharedDay.objects.all()} == {"verkeer"}
    assert SharedDay.objects.values("organisation").distinct().count() == 2
    overheard = Post.objects.filter(overheard=True)
    assert overheard.exists()
    assert not Author.objects.filter(pk__in=overheard.values("author")).exclude(name="", handle="").exists()
    assert not any("12345678" in post.text for post in overheard)
