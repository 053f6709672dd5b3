"""Foreign HTML and text: nothing dangerous stays, nothing that people said is lost."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.base.text import clean
from klankbord.base.text.clean import clean_html, html_to_text, initials, preview, safe_text

PIECES = st.sampled_from(
    [
        "<p>",
        "</p>",
        "<h2>",
        "</h2>",
        "<td>",
        "</td>",
        "<tr>",
        "<table>",
        "</table>",
        "<a href='https://x.example/?a=<h3>'>",
        "</a>",
        "<br>",
        "<li>",
        "<ul>",
        "</ul>",
        "<pre>",
        "</pre>",
        "<script>",
        "</script>",
        "<!--",
        "-->",
        "<svg>",
        "&lt;",
        "<img src=x onerror=alert(1)>",
        "brug",
        " ",
        "\n",
        "é",
        "<",
        ">",
        '"',
        "\x00",
        "�",
        "\u202e",
        "<h2 ",
        "&#1;",
        "&#x202e;",
    ]
)
MARKUP = st.lists(PIECES, max_size=14).map("".join)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Hallo <b>buurt</b></p>", "<p>Hallo <b>buurt</b></p>"),
        ("<p style='color:red' class=x onclick=a()>Hoi</p>", "<p>Hoi</p>"),
        ("<img src='https://x.example/pixel.gif'>Hoi", "Hoi"),
        ("<script>alert(1)</script><style>p{}</style>Hoi", "Hoi"),
        ("<a href='javascript:alert(1)'>klik</a>", '<a rel="nofollow noopener">klik</a>'),
        (
            "<a href='https://x.example/' target=_blank rel=me>klik</a>",
            '<a href="https://x.example/" rel="nofollow noopener">klik</a>',
        ),
        ("<h1>Kop</h1>", "<div><strong>Kop</strong></div>"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "<div>a b </div>"),
        ("<p>&#x202e;gnp.exe</p>naast", "<p>\u2067gnp.exe\u2069</p>naast"),
        ("<form action=/weg><input name=x>Hoi</form>", "Hoi"),
    ],
)
def test_only_words_lists_quotations_and_links_stay(html: str, expected: str) -> None:
    assert clean_html(html) == expected


@given(MARKUP)
def test_cleaning_again_loses_no_words(html: str) -> None:
    once = clean_html(html)
    assert html_to_text(clean_html(once)).split() == html_to_text(once).split()


@given(st.one_of(MARKUP, st.text(max_size=40)))
def test_what_is_found_clean_at_a_glance_is_clean(html: str) -> None:
    at_a_glance = clean_html(html), safe_text(html)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clean, "_WORTH_A_LOOK", re.compile(""))
        assert (clean_html(html), safe_text(html)) == at_a_glance


@given(MARKUP)
def test_nothing_that_runs_or_loads_survives(html: str) -> None:
    cleaned = clean_html(html).lower()
    for danger in ("<script", "<img", "<svg", "<style", "\x00", "\u202e"):
        assert danger not in cleaned


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Hallo</p><p>Dag</p>", "Hallo\n\nDag"),
        ("<div>een</div><div>twee</div>", "een\n\ntwee"),
        ("een<br>twee<br/>drie", "een\ntwee\ndrie"),
        ("<ul><li>melk</li><li>brood</li></ul>", "- melk\n- brood"),
        ("a &lt;b&gt; &amp; c&nbsp;d", "a <b> & c d"),
        ("veel    wit\n\n  in   de bron", "veel wit in de bron"),
        ("<pre>een\n  twee</pre>", "een\ntwee"),
        (
            "<table><tr><td>ma</td><td>9 uur</td></tr><tr><td>di</td><td>10 uur</td></tr></table>",
            "ma 9 uur\n\ndi 10 uur",
        ),
        ('<a href="https://k.example/@a">@<span>amal</span></a> hoi', "@amal hoi"),
        ("<style>p{}</style><title>x</title>Hoi", "Hoi"),
        ("", ""),
    ],
)
def test_html_reads_as_text(html: str, expected: str) -> None:
    assert html_to_text(html).replace("  ", " ") == expected


@given(st.text(max_size=60))
def test_text_goes_into_html_and_back(text: str) -> None:
    kept = safe_text(text)
    escaped = kept.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert html_to_text(f"<p>{escaped}</p>").split() == safe_text(kept).split()


def test_deep_and_broken_html_is_read_in_reasonable_time() -> None:
    assert html_to_text("<div>" * 20_000 + "diep") == "diep"
    assert clean_html("<" * 100_000).count("&lt;") == 100_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b\x07c\x9bd", "abcd"),
        ("een\r\ntwee\rdrie\u2028vier", "een\ntwee\ndrie\nvier"),
        ("kapot \ud83d teken", "kapot  teken"),
        ("e\u0301e\u0301n\t1", "één\t1"),
        ("\u202egnp.exe", "\u2067gnp.exe\u2069"),
        ("\u202ba\u202c\u202c b\u2069", "\u2067a\u2069 b"),
        ("\u2067a\nb", "\u2067a\u2069\nb"),
    ],
)
def test_text_becomes_safe(text: str, expected: str) -> None:
    assert safe_text(text) == expected


@given(st.text(alphabet=st.characters(), max_size=40))
def test_safe_text_is_storable_composed_and_stable(text: str) -> None:
    safe = safe_text(text)
    assert safe_text(safe) == safe
    assert unicodedata.is_normalized("NFC", safe)
    assert safe.encode("utf-8", "replace").decode().replace("\x00", "") == safe


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Amal el Idrissi", "AI"),
        ("Jan-Willem van der Berg", "JB"),
        ("IJsbrand ter Horst", "IJH"),
        ("sjoukje", "S"),
        ("@fietser_17", "F"),
        ("🌷 Truus 🌷", "T"),
        ("De Bakker op 't Plein", "BP"),
        ("van der", "VD"),
        ("", "?"),
        ("!!", "?"),
        ("Özlem", "Ö"),
        ("🌷", "?"),
    ],
)
def test_initials(name: str, expected: str) -> None:
    assert initials(name) == expected


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("Kort bericht", 20, "Kort bericht"),
        ("De brug is\n\n al een  week dicht", 17, "De brug is al…"),
        ("De brug is, denk ik, dicht", 14, "De brug is…"),
        ("Aaaaaaaaaaaaaaaaaaaaaaaa", 10, "Aaaaaaaaa…"),
        ("xxxxxx👨\u200d👩\u200d👧 gezin", 9, "xxxxxx…"),
        ("xxxx🇳🇱🇧🇪 vlag", 8, "xxxx🇳🇱…"),
    ],
)
def test_preview(text: str, length: int, expected: str) -> None:
    assert preview(text, length) == expected


@given(st.text(max_size=80), st.integers(min_value=2, max_value=40))
def test_a_preview_fits_on_one_line(text: str, length: int) -> None:
    shown = preview(text, length)
    assert len(shown) <= length
    assert "\n" not in shown
    assert shown.rstrip("…") == "" or " ".join(text.split()).startswith(shown.removesuffix("…"))
