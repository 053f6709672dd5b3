"""Screens are Dutch: every sentence has its translation, and none is left of sentences that are gone."""

from __future__ import annotations

from io import BytesIO

from babel.messages.catalog import Catalog

from tests.translations import CATALOGUE, KEYWORDS, complete, from_template, misfits, read, sentences, source

AGAIN = "run: python -m tests.translations"


def test_every_sentence_has_a_dutch_translation_and_no_other_is_kept() -> None:
    wanted, present = sentences(source()), sentences(read(CATALOGUE))
    assert len(wanted) > 100
    missing = [name[1] for name in wanted if name not in present or not complete(present[name])]
    assert not missing, f"{AGAIN}, and translate: {missing}"
    assert not set(present) - set(wanted), f"gone from the source; {AGAIN}"


def test_no_translation_is_a_guess_or_a_leftover() -> None:
    catalogue = read(CATALOGUE)
    assert not [message.id for message in catalogue if message.id and message.fuzzy]
    assert not catalogue.obsolete, AGAIN


def test_a_translation_fills_in_what_its_sentence_fills_in() -> None:
    wrong = {message.id: found for message in sentences(read(CATALOGUE)).values() if (found := misfits(message))}
    assert not wrong


def test_a_wrong_field_is_seen() -> None:
    catalogue = Catalog(locale="nl")
    assert misfits(catalogue.add("Port {port}", "Poort {poort}"))
    assert misfits(catalogue.add("Hello %(name)s", "Hallo %(naam)s"))
    assert not misfits(catalogue.add("Port {port}, %(name)s", "Poort {port}, %(name)s"))


def test_templates_are_read_with_plurals_contexts_and_arguments() -> None:
    page = b"""
      {% load i18n %}<p>{% translate "Queue" %} {% translate "May" context "month" %}</p>
        {% blocktranslate count n=total %}{{ n }} message{% plural %}{{ n }} messages{% endblocktranslate %}
      {% blocktranslate trimmed with name=user.name %}
        Hello,
        {{ name }}
      {% endblocktranslate %}
    """
    found = {message for _, _, message, _ in from_template(BytesIO(page), KEYWORDS, (), {})}
    assert {"Queue", ("month", "May"), ("%(n)s message", "%(n)s messages"), "Hello, %(name)s"} <= {
        tuple(part for part in message if part) if isinstance(message, tuple) else message for message in found
    }
