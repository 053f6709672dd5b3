"""Files of design tokens: what is taken from them, what is refused and with which words, what becomes of them."""

from __future__ import annotations

import json
import re
from string import printable
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from klankbord.project.installation import CHECKOUT
from klankbord.project.style import theme, values
from klankbord.project.style.reading import NotATheme, read_tokens
from klankbord.project.style.sheet import write_sheet

EXAMPLE = CHECKOUT / "docs/examples/house-style.tokens.json"
EXAMPLE_DARK = CHECKOUT / "docs/examples/house-style-dark.tokens.json"


def file(tree: Any) -> bytes:
    return json.dumps(tree).encode()


def one(name: str, value: Any, key: str = "$value") -> dict[str, Any]:
    """A file with one token."""
    tree: dict[str, Any] = {key: value}
    for part in reversed(name.split(".")):
        tree = {part: tree}
    return tree


def refusal(tree: Any, *, dark: bool = False) -> str:
    with translation.override("en"), pytest.raises(NotATheme) as caught:
        theme.read_theme(tree if isinstance(tree, bytes) else file(tree), dark=dark)
    return str(caught.value)


def test_the_examples_of_the_documentation_can_be_used() -> None:
    light = theme.read_theme(EXAMPLE.read_bytes(), dark=False).values
    assert light["nl-button-primary-background-color"] == light["kb-brand"] == "#1f5c2e"
    assert light["kb-bar"] == "#123a1c"
    assert light["kb-font"] == '"Open Sans", "Verdana", sans-serif'
    assert light["kb-on-brand"] == "#ffffff"
    dark = theme.read_theme(EXAMPLE_DARK.read_bytes(), dark=True).values
    assert dark["kb-brand"] == "#8fd6a0"
    assert dark["kb-on-brand"] == "#000000"


def test_our_own_theme_would_pass_the_check() -> None:
    ours = theme.standard()
    assert "kb-brand" in ours and "nl-button-primary-color" in ours
    for dark in (False, True):
        assert list(theme.unreadable(ours, {}, dark=dark)) == []


@pytest.mark.parametrize("key", ["value", "$value"])
def test_both_forms_of_the_file_are_read(key: str) -> None:
    assert (
        theme.read_theme(file(one("nl.link.color", "hsl(211 60% 25%)", key)), dark=False).values["kb-brand"]
        == "#193e66"
    )


def test_sets_of_tokens_studio_go_over_each_other_in_their_order() -> None:
    sets = {"a": one("nl.link.color", "#111111"), "b": one("nl.link.color", "#222222"), "c": one("x.y", "1px")}
    studio = sets | {"$themes": [], "$metadata": {"tokenSetOrder": ["a", "c", "b"]}}
    assert read_tokens(file(studio)) == {"nl.link.color": "#222222", "x.y": "1px"}


def test_the_older_name_of_a_part_counts_where_the_newer_one_is_not_there() -> None:
    older = one("utrecht.link.color", "#222222")
    assert theme.read_theme(file(older), dark=False).values["nl-link-color"] == "#222222"
    both = older | one("nl.link.color", "#111111")
    assert theme.read_theme(file(both), dark=False).values["nl-link-color"] == "#111111"


def test_tokens_of_parts_that_we_lack_are_left_out_and_counted() -> None:
    tree = one("nl.link.color", "#111111") | {"ams": one("avatar.background-image", "url(https://elders.example/x)")}
    read = theme.read_theme(file(tree), dark=False)
    assert read.unknown == 1
    assert "url" not in write_sheet(read.values, {})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"geen json",
        b"[]",
        b"3",
        b"{}",
        b'{"a": 1}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
    ],
    ids=range(9),
)
def test_what_is_no_file_of_tokens_is_refused(content: bytes) -> None:
    assert refusal(content)


def test_a_file_that_is_too_large_or_too_deep_is_refused() -> None:
    assert "too large" in refusal(b" " * (3 * 1024 * 1024 + 1))
    assert "too deep" in refusal(one(".".join("abcdefghijklmnopqrs"), "1px"))
    assert "20,000" in refusal({"a": {str(number): {"value": 1} for number in range(20_001)}})


@pytest.mark.parametrize(
    "value",
    [
        "url(https://elders.example/)",
        "red; } body { display: none",
        "#fff} @import 'x'",
        "</style><script>alert(1)</script>",
        "expression(alert(1))",
        "var(--kb-now)",
        "\\75rl(x)",
        "currentColor",
        "#12",
        "rgb(1,2)",
    ],
)
def test_what_is_no_colour_is_refused_by_name(value: str) -> None:
    said = refusal(one("nl.link.color", value) | one("klankbord.focus-glow", "#ffd166"))
    assert "nl.link.color" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nl.button.font-family", "Arial; color: red"),
        ("nl.button.font-family", 'x", url(y)'),
        ("nl.button.border-radius", "1e9px"),
        ("nl.button.border-radius", "calc(1px)"),
        ("nl.button.primary.font-weight", "heavy"),
        ("nl.button.primary.line-height", "0.2"),
        ("nl.heading.level-1.font-size", "400px"),
        ("nl.heading.level-1.font-size", "2px"),
    ],
)
def test_other_values_are_refused_by_name(name: str, value: str) -> None:
    assert name in refusal(one(name, value))


def test_a_misspelt_token_of_our_own_is_named() -> None:
    assert "klankbord.brandt" in refusal(one("klankbord.brandt", "#000000"))


def test_the_colours_that_mean_something_stay_ours() -> None:
    for name in ("now", "note", "private", "fine"):
        assert f"klankbord.{name}" in refusal(one(f"klankbord.{name}", "#000000"))


@pytest.mark.parametrize("value", ["{a.b}", "{nl.link.color}", "{" * 50])
def test_references_that_lead_nowhere_or_round_are_refused(value: str) -> None:
    assert "nl.link.color" in refusal(one("nl.link.color", value))


def test_references_that_double_each_time_do_not_fill_the_memory() -> None:
    tree = {f"a{number}": {"value": f"{{a{number + 1}}}" * 10} for number in range(20)} | {"a20": {"value": "x" * 10}}
    assert refusal(tree | one("nl.link.color", "{a0}"))


def test_faint_text_is_refused_with_both_tokens_and_the_ratio() -> None:
    tree = {"nl": {"button": {"primary": {"background-color": {"value": "#ffd400"}, "color": {"value": "#ffffff"}}}}}
    said = refusal(tree)
    assert "nl.button.primary.color" in said
    assert "nl.button.primary.background-color" in said
    assert "1.4" in said


def test_transparent_text_is_faint() -> None:
    assert "nl.link.color" in refusal(one("nl.link.color", "rgba(0, 0, 0, 0.1)"))


def test_contrast_is_that_of_wcag() -> None:
    white, grey = values.Colour(1, 1, 1), values.read_colour("#767676")
    assert grey is not None
    assert round(values.contrast(white, grey), 2) == 4.54
    assert values.contrast(white, values.Colour(0, 0, 0)) == 21


def test_without_dark_tokens_our_dark_stays() -> None:
    sheet = write_sheet(theme.read_theme(EXAMPLE.read_bytes(), dark=False).values, {})
    blocks = [block for block in sheet.split("\n\n") if "--kb-brand:" in block]
    assert len(blocks) == 2
    for block in blocks:
        assert (':not([data-theme="dark"])' in block and "prefers-color-scheme: light" in block) or (
            block.startswith(':root[data-theme="light"]')
        )


def test_sizes_leave_the_compact_screens_alone() -> None:
    sheet = write_sheet(theme.read_theme(file(one("nl.heading.level-1.font-size", "40px")), dark=False).values, {})
    assert sheet.startswith(":root {")
    assert ".kb-compact" not in sheet


NAME = r"(\"[A-Za-z0-9 _-]+\"|[a-z-]+)"
LINE = re.compile(rf"  --[a-z0-9-]+: (#[0-9a-f]{{6,8}}|[0-9.]+(px|rem|em)?|{NAME}(, {NAME})*);")
NAMES = st.sampled_from(sorted(theme.known()))


@given(
    st.dictionaries(NAMES, st.text(printable, max_size=40) | st.sampled_from(["#123456", "2px", "700", "Arial, serif"]))
)
def test_whatever_a_file_holds_a_sheet_has_only_plain_values(tokens: dict[str, str]) -> None:
    tree = {name.replace("kb-", "klankbord-", 1): {"value": value} for name, value in tokens.items()}
    try:
        read = theme.read_theme(file(tree), dark=False)
    except NotATheme:
        return
    inner = [line for line in write_sheet(read.values, {}).splitlines() if line.startswith("  ")]
    assert all(LINE.fullmatch(line) for line in inner)
