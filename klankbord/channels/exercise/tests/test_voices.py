"""The demo speaks with every voice that a desk must be able to answer; which message is which, and by what."""

from __future__ import annotations

import pytest

from klankbord.channels.exercise.scenario import load_scenario

LINES = load_scenario("klankendam").lines
VOICES = {
    "irony": {
        "omleiding-stationsweg": "Hadden jullie ook aan een bootje gedacht?",
        "brug-gastvrij": "Dat noem ik nog eens een gastvrije gemeente.",
        "omleiding-ironie": "ik herken jullie wel aan de zwembandjes",
    },
    "dialect": {"container-galmstraat": "Könt ieleu doar 's noar kieken?", "veer-sjef": "Houdoe!"},
    "another language": {"gras-turfweg": "gers", "birth-registration": "register her", "arabisch-brief": "شكراً"},
    "photo": {"container-galmstraat": "container", "gat-fietspad": "Foto erbij.", "brug-open": "Klankbrug staat"},
    "troll": {"trol-koffie": "Stelletje luie zakkenvullers.", "trol-scheld": "PIEP PIEP"},
    "threat": {"dreiging-balie": "En dan luisteren jullie wél, daar zorg ik voor."},
    "child": {"schommel-noor": "ik ben 9"},
    "somebody in need": {"ten-einde-raad": "iedereen beter af is zonder mij", "buurvrouw-91": "Moet ik 112 bellen"},
    "journalist": {"pers-klankbrug": "Ik schrijf voor De Klankbode"},
    "rumour": {"gerucht-verzakt": "Ze houden het stil.", "gerucht-maanden": "zeggen ze nu dat"},
    "thanks": {
        "lantaarn-bedankt": "Bedankt!",
        "bankje-vijver": "Wilt u dit doorgeven aan de mannen",
        "compliment-balie": "nu ook eens andersom",
    },
    "typing errors": {"verhuizing": "ik ga vehruizen"},
    "emoji": {"brug-dank-2": "👍🏽", "regenboog-zebrapad": "🏳️‍🌈"},
    "call to gather": {"oproep-marktplein": "allemaal naar het Marktplein"},
    "too many personal data": {"te-koop-privacy": "geboren 14-2-1991"},
    "wrong organisation": {"veer-verkeerde-gemeente": "Mijn zus woont in Zwijgerswaard"},
}


@pytest.mark.parametrize("voice", VOICES)
def test_the_demo_has_this_voice(voice: str) -> None:
    for name, phrase in VOICES[voice].items():
        line = LINES[name]
        assert phrase in line.text, f"{name} does not say this any more: is it still the voice of {voice}?"
        assert not (line.edits or line.deletes)


def test_a_photo_is_really_there_and_a_language_is_named() -> None:
    assert all(LINES[name].pictures for name in VOICES["photo"])
    assert {LINES[name].language for name in VOICES["another language"]} == {"fy", "en", "ar"}
