"""Dossiers come and go while posts pass, and the anchors are chosen well."""

from __future__ import annotations

import pytest

from klankbord.listening.matching import Matcher, matcher
from klankbord.listening.matching.clauses import normal_form
from klankbord.listening.matching.rarity import Rarity
from klankbord.listening.query import Document, parse
from klankbord.listening.query.tree import Node


def found(there: Matcher, text: str) -> list[object]:
    return [match.dossier for match in there.match(Document(text))]


def test_dossiers_come_change_and_end_while_posts_pass() -> None:
    there = Matcher()
    assert found(there, "de klankbrug is dicht") == []
    there.add("brug", parse("klank* dicht"))
    assert found(there, "de klankbrug is dicht") == ["brug"]
    there.add("brug", parse("sluis"))
    assert found(there, "de klankbrug is dicht") == []
    assert found(there, "de sluis") == ["brug"]
    there.add("ook", parse("*luis OR *dam"))
    assert found(there, "de sluis") == ["brug", "ook"]
    there.remove("brug")
    there.remove("brug")
    assert found(there, "de sluis") == ["ook"]
    assert "brug" not in there
    assert len(there) == 1


def test_nothing_stays_behind_of_what_ended() -> None:
    there = Matcher()
    there.add(1, parse('klank* "den haag" (a OR *b) NOT c* kanaal:x'))
    there.match(Document("klank den haag a"))
    there.remove(1)
    assert not there._index
    assert not there._entries
    assert not there._wildcards._used
    assert there._wildcards._begins == there._wildcards._ends == ()


def test_a_post_meets_only_queries_of_which_it_holds_two_anchors(monkeypatch: pytest.MonkeyPatch) -> None:
    there = Matcher()
    for number in range(500):
        there.add(number, parse(f'gemeente klankendam woord{number} "in de straat"'))
    tried: list[Node] = []

    def holds(node: Node, document: Document) -> bool:
        tried.append(node)
        return True

    monkeypatch.setattr(matcher, "holds", holds)
    assert found(there, "gemeente klankendam woord7 in de straat") == [7]
    assert len(tried) == 1


def test_anchors_are_chosen_anew_when_many_queries_are_met_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matcher, "REVIEW_EVERY", 400)
    monkeypatch.setattr(matcher, "LEARN_ONE_IN", 1)
    monkeypatch.setattr("klankbord.listening.matching.rarity.ENOUGH", 100)
    there = Matcher()
    there._review_at = 400
    for number in range(300):
        # long and very common words, which a guess by length takes for rare
        there.add(number, parse(f"gemeentebestuur burgemeester w{number}"))
    text = "gemeentebestuur en burgemeester w5"
    assert there.match(Document(text))
    assert there._in_vain == 299
    for _post in range(500):
        assert found(there, text) == [5]
    before = there._in_vain
    assert found(there, text) == [5]
    assert there._in_vain == before


def test_what_is_common_is_learned() -> None:
    rarity = Rarity()
    for number in range(2_000):
        rarity.learn({"gemeentehuis", f"zo{number}"})
    assert rarity.share("gemeentehuis") > 0.99
    assert rarity.share("zo5") < 0.01
    (first, *_others) = sorted(normal_form(parse("gemeentehuis zo5").plain, rarity.cost).clauses, key=rarity.cost)
    assert first == {"zo5"}


def test_a_choice_of_many_by_many_is_still_found() -> None:
    there = Matcher()
    places = " OR ".join(f"plaats{number}" for number in range(40))
    topics = " OR ".join(f"zaak{number}" for number in range(40))
    there.add("veel", parse(f"({places}) ({topics}) NOT film"))
    assert found(there, "in plaats39 en plaats2 is zaak7 en zaak8") == ["veel"]
    assert found(there, "in plaats39 is zaak") == []
    assert found(there, "in plaats39 is zaak7 film") == []
    assert len(there._entries["veel"].places) <= 40


def test_a_price_is_found_in_two_pieces() -> None:
    there = Matcher()
    there.add("prijs", parse('"€ 12,50"'))
    assert found(there, "dat kost € 12,50!") == ["prijs"]
    assert found(there, "dat kost €12,50!") == ["prijs"]
    assert found(there, "dat kost 12,50 €") == []
