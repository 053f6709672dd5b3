"""What the tokenizer makes is what PostgreSQL takes."""

from __future__ import annotations

import psycopg
import pytest

from klankbord.base.postgres import Cluster
from klankbord.base.text.tokens import index_terms, query_terms

LONG = " ".join(f"{number:x}京" for number in range(300_000))


@pytest.mark.parametrize(
    ("text", "sought"),
    [
        ("Foto's van de #Klankbrug 👨\u200d👩\u200d👧 om 20.30", "#klankbrug fotos 20:30"),
        ("nul \x00 en kapot \ud83d teken", "nul teken"),
        ("quote ' en \\ en : en & | !", "quote en"),
        ("x" * 100_000, "x" * 300),
        (LONG, "0 1 2"),
    ],
    ids=["ordinary", "broken", "signs", "one word", "enormous"],
)
def test_terms_become_a_tsvector_that_is_found(cluster: Cluster, text: str, sought: str) -> None:
    with psycopg.connect(cluster.owner_url) as connection:
        row = connection.execute(
            "SELECT %s::text[] <@ tsvector_to_array(array_to_tsvector(%s::text[]))",
            [query_terms(sought), index_terms(text)],
        ).fetchone()
    assert row == (True,)
