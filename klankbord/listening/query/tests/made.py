"""Queries and texts made by hypothesis from one small box of words, so that they often meet."""

from __future__ import annotations

from hypothesis import strategies as st

from klankbord.listening.query import Document

WORDS = (
    *("brug", "Brug", "de", "dicht", "café", "cafe\u0301", "een", "Één", "haren", "Haren", "HAREN", "in", "mijn", "ik"),
    *("naar", "Gemeente"),
    *("straße", "STRASSE", "strasse", "ijsbaan", "ĳsbaan", "IJsbaan", "fietspad", "fiets", "pad", "gat", "den", "haag"),
    *("e-bike", "ebike", "bike", "E-BIKE", "foto's", "foto’s", "fotos", "Klankbrug", "klank", "a.u.b.", "20.30"),
    *(
        "שלום",
        "مرحبا",
        "مَرْحَبًا",
        "北京",
        "👍",
        "👍🏽",
        "🇳🇱",
        "1",
        "naar",
        "Gemeente",
        "@amal",
        "@amal@plein.example",
        "ge\u200bmeente",
    ),
    *("klankendam.example", "https://www.klankendam.example/afval?x=1", "info@klankendam.example", "€ 12,50", "12,50"),
)
HASHTAGS = ("#brug", "#KlankbrugDicht", "#klankbrugdicht", "#denhaag", "#DenHaag", "#Haren", "#haren", "#fiets_pad")
BETWEEN = st.sampled_from((" ", " ", " ", "\n", ", ", ". ", "! ", " \u200f", "  ", "/", "\u00a0", ""))
CHANNELS = ("mastodon", "mail", "")
LANGUAGES = ("nl", "nl-BE", "en", "")
SOURCES = ("plein.example", "m.plein.example", "nieuws.example", "")

texts = st.lists(st.tuples(st.sampled_from((*WORDS, *HASHTAGS)), BETWEEN), max_size=14).map(
    lambda pieces: "".join(f"{word}{between}" for word, between in pieces)
)
documents = st.builds(Document, texts, st.sampled_from(CHANNELS), st.sampled_from(LANGUAGES), st.sampled_from(SOURCES))

_plain = st.sampled_from([word for word in WORDS if "€" not in word])
_word = st.one_of(_plain, st.sampled_from(HASHTAGS))
_stem = st.sampled_from(("klank", "fiets", "#klank", "e-", "ij", "stras", "br", "@am", "caf", "klankendam.ex", "שלו"))
_tail = st.sampled_from(("pad", "brug", "dicht", "bike", "aan", "sse", "dam.example", "s", "é", "ום"))
_inside = st.one_of(_word, st.just("*"), _stem.map("{}*".format), _tail.map("*{}".format))
_phrase = st.builds(
    lambda first, middle, last: f'"{" ".join([first, *middle, last])}"', _word, st.lists(_inside, max_size=2), _word
)
_wild = st.one_of(_stem.map("{}*".format), _tail.map("*{}".format))
_spelled = st.one_of(_plain.map("={}".format), st.just('="Den Haag"'), st.just('="in Haren"'))
_place = st.sampled_from(("plaats:Haren", "plaats:haren", 'plaats:"den Haag"', "place:Klankbrug"))
_leaf = st.one_of(_word, _word, _phrase, _wild, _spelled, _place)
_side = st.one_of(_leaf, st.lists(_leaf, min_size=2, max_size=3).map(lambda some: f"({' OR '.join(some)})"))
_near = st.builds("{} {}/{} {}".format, _side, st.sampled_from(("NEAR", "BIJ")), st.integers(1, 6), _side)
_filter = st.one_of(
    st.sampled_from(("mastodon", "MAIL")).map("kanaal:{}".format),
    st.sampled_from(("nl", "nl-be", "Engels")).map("taal:{}".format),
    st.sampled_from(("plein.example", "https://www.nieuws.example/x")).map("bron:{}".format),
)
queries = st.recursive(
    st.one_of(_leaf, _leaf, _near, _filter),
    lambda inner: st.one_of(
        st.builds("{} {}".format, inner, inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(("AND", "EN", "OR", "OF", "NOT", "NIET")), inner),
        st.builds("({})".format, inner),
        st.builds("NOT {}".format, inner),
    ),
    max_leaves=6,
)
"""Most are accepted; what is refused is refused everywhere."""
