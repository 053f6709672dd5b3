"""Earlier mail is taken out and kept; the words of the sender never are."""

from __future__ import annotations

import pytest

from klankbord.channels.mail.quotes import cut_quoted
from klankbord.channels.mail.tests.made import mail, post

OWN_WORDS = "Dank u, dat helpt.\n\nGroet,\nJo"
HISTORY = "> Beste Jo,\n> Morgen komen we langs.\n>\n> Gemeente Klankendam"


@pytest.mark.parametrize(
    "attribution",
    [
        "Op ma 3 mrt 2025 om 09:12 schreef Gemeente Klankendam <webcare@klankendam.example>:",
        "Op ma 3 mrt 2025 om 09:12 schreef Gemeente Klankendam <\nwebcare@klankendam.example>:",
        "Op 3 mrt. 2025 om 09:12 heeft Gemeente Klankendam <webcare@klankendam.example> het volgende geschreven:",
        "Gemeente Klankendam schreef op 3 maart 2025 om 09:12:",
        "On Mon, 3 Mar 2025 at 09:12, Gemeente Klankendam <webcare@klankendam.example> wrote:",
        "On Mon, 3 Mar 2025 at 09:12, Gemeente Klankendam\n<webcare@klankendam.example>\nwrote:",
        "Am 03.03.2025 um 09:12 schrieb Gemeente Klankendam:",
        "Le lun. 3 mars 2025 à 09:12, Gemeente <webcare@klankendam.example> a écrit :",
        "Gemeente Klankendam <webcare@klankendam.example> schreef:",
        "",
    ],
)
def test_history_below_is_cut(attribution: str) -> None:
    cut = cut_quoted(f"{OWN_WORDS}\n\n{attribution}\n\n{HISTORY}\n")
    assert cut.text == OWN_WORDS
    assert "Morgen komen we langs." in cut.quoted
    assert attribution.split("\n")[0] in cut.quoted


@pytest.mark.parametrize(
    "head",
    [
        "Van: Gemeente Klankendam <webcare@klankendam.example>\nVerzonden: maandag 3 maart 2025 09:12\nAan: Jo\n"
        "Onderwerp: Re: Afval",
        "________________________________\nVan: Gemeente\nVerzonden: maandag 3 maart 2025\nAan: Jo\nOnderwerp: Afval",
        "From: Gemeente Klankendam\nSent: Monday, March 3, 2025 9:12 AM\nTo: Jo\nSubject: RE: Afval",
        "*Van:* Gemeente\n*Datum:* maandag 3 maart\n*Aan:* Jo\n*Onderwerp:* Afval",
        "-----Oorspronkelijk bericht-----\nVan: Gemeente",
        "-----Original Message-----\nFrom: Gemeente",
    ],
)
def test_history_as_outlook_writes_it_is_cut(head: str) -> None:
    cut = cut_quoted(f"{OWN_WORDS}\n\n{head}\n\nBeste Jo,\nMorgen komen we langs.")
    assert cut.text == OWN_WORDS
    assert cut.quoted.startswith(head.split("\n")[0])


def test_an_answer_below_the_quotation_is_found() -> None:
    cut = cut_quoted(f"Op 3 maart 2025 om 09:12 schreef Gemeente:\n{HISTORY}\n\n{OWN_WORDS}")
    assert cut.text == OWN_WORDS
    assert "Morgen" in cut.quoted


def test_answers_between_the_quotations_keep_what_they_answer() -> None:
    text = "> Welke straat?\nDe Kerkstraat.\n> Welk nummer?\nNummer 5."
    assert cut_quoted(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "De gemeente schreef op 3 maart:\nwe komen langs. Maar niemand kwam.",
        "Van: alles en nog wat is hier te doen.\nMaar geen speeltuin.",
        "Ik kom uit de wijk.\nAan: de wethouder wil ik vragen wat er gebeurt.",
        "> alleen een aanhaling",
        "",
    ],
)
def test_ordinary_words_are_never_taken_for_history(text: str) -> None:
    assert cut_quoted(text).text == text
    assert cut_quoted(text).quoted == ""


def test_a_forwarded_mail_stays_whole() -> None:
    text = (
        "Zie hieronder.\n\n---------- Forwarded message ---------\nVan: Buur\nDatum: ma\nOnderwerp: Kuil\n\nEen kuil!"
    )
    assert cut_quoted(text).text == text
    block = "Van: Buur\nVerzonden: ma\nAan: Jo\nOnderwerp: Kuil\n\nEen kuil!"
    assert cut_quoted(f"Kijk.\n\n{block}", subject="FW: Kuil").text == f"Kijk.\n\n{block}"


def test_quoted_html_is_cut_too() -> None:
    source = (
        "<div>Dank u.</div><div class=gmail_quote><div>Op ma 3 mrt 2025 om 09:12 schreef Gemeente &lt;a@b.example&gt;:"
        "<br></div><blockquote><div>Morgen</div><div>komen we</div></blockquote></div>"
    )
    found = post(mail(source, Content_Type="text/html; charset=utf-8"))
    assert found.text == "Dank u."
    assert "> Morgen\n> komen we" in found.quoted


def test_the_signature_stays() -> None:
    assert cut_quoted("Dank u.\n\n-- \nJo Bewoner\nKerkstraat 5").text.endswith("Kerkstraat 5")
