"""One language, one answer: the matcher, the verifier and brute force agree on random queries and texts."""

from __future__ import annotations

import time
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klankbord.listening.matching import Matcher
from klankbord.listening.query import Document, Query, Refused, parse
from klankbord.listening.query.tests import made
from klankbord.listening.query.tests.brute_force import finds


def accepted(texts: list[str]) -> dict[int, Query]:
    """The queries that are accepted, by number."""
    found = {}
    for number, text in enumerate(texts):
        try:
            found[number] = parse(text)
        except Refused:
            continue
    return found


def found_by(matcher: Matcher, document: Document) -> list[int]:
    return sorted(int(str(match.dossier)) for match in matcher.match(document))


@given(st.lists(made.queries, min_size=1, max_size=8), st.lists(made.documents, min_size=1, max_size=4), st.data())
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_matcher_verifier_and_brute_force_agree(
    texts: list[str], documents: list[Document], data: st.DataObject
) -> None:
    queries = accepted(texts)
    matcher = Matcher()
    for number, query in queries.items():
        matcher.add(number, query)
    for document in documents:
        expected = [number for number, query in queries.items() if finds(query, document)]
        assert found_by(matcher, document) == expected
        for number, query in queries.items():
            assert (query.match(document) is not None) == (number in expected)
        # dossiers end and change, anchors are chosen anew, while the stream runs
        if queries:
            gone = data.draw(st.sampled_from(sorted(queries)))
            matcher.remove(gone)
            assert found_by(matcher, document) == [one for one in expected if one != gone]
            matcher.add(gone, queries[gone])
        matcher.choose_anchors()
        assert found_by(matcher, document) == expected


@given(made.queries, made.documents)
@settings(max_examples=400, deadline=None)
def test_reasons_are_leaves_that_hold_and_stand_where_they_say(text: str, document: Document) -> None:
    for query in accepted([text]).values():
        matcher = Matcher()
        matcher.add(1, query)
        for match in matcher.match(document):
            assert match.why == match.found.why
            assert set(match.why) <= {leaf.written for leaf in query.leaves}
            assert match.why
            for leaf, spans in match.found.leaves:
                assert query.text[leaf.start : leaf.end] == leaf.written
                for start, end in spans:
                    assert document.text[start:end].strip()
            joined = match.found.spans
            assert all(one[1] <= other[0] for one, other in pairwise(joined))
            assert match.found.spans == query.highlights(document.text) or len(match.why) < len(query.leaves)


def judge(text: str) -> None:
    """A query is accepted and explains itself, or it is refused with a spot and perhaps with an accepted repair."""
    try:
        query = parse(text)
    except Refused as error:
        refused = error
    else:
        assert query.explain().endswith(".")
        return
    assert refused.message
    assert 0 <= refused.start <= refused.end <= len(text)
    if refused.suggestion:
        assert parse(refused.suggestion).leaves


@given(made.queries)
def test_an_accepted_query_explains_itself_and_a_refused_one_shows_the_spot(text: str) -> None:
    judge(text)


@given(st.text(alphabet=st.one_of(st.sampled_from('ab*#"()=:/ ANDORNTFEIJV5'), st.characters()), max_size=60))
def test_whatever_is_typed_is_accepted_or_refused_with_a_spot(text: str) -> None:
    judge(text)


def test_a_post_of_100_000_characters_gets_the_same_answer_in_time() -> None:
    text = ("gat in het fietspad bij de Klankbrug, zegt een bewoner. " * 1_790)[:100_000]
    document = Document(text + " #KlankbrugDicht é")
    queries = accepted(
        [
            '"gat in het fiets*" *brug',
            "bewoner NEAR/3 (gat OF dicht)",
            '"zegt een bewoner gat in" NIET sluis',
            "#klankbrug*",
            "=Klankbrug É",
            "gat NEAR/100 nergens",
            'nergens OF "het het"',
        ]
    )
    assert len(queries) == 7
    matcher = Matcher()
    for number, query in queries.items():
        matcher.add(number, query)
    began = time.process_time()
    found = [match.dossier for match in matcher.match(document)]
    assert time.process_time() - began < 2
    assert found == [number for number, query in queries.items() if number != 5 and finds(query, document)]
    assert found == [0, 1, 2, 3, 4]
