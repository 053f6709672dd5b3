"""Mail that no person wrote to us is recognised, and mail of a person never is."""

from __future__ import annotations

import pytest

from klankbord.channels.contract import DeliveryFailed, DeliverySeen, Ignored, PostArrived
from klankbord.channels.mail.tests.made import ADDRESS, OUR_ID, event, mail

APPLE_ID = "3F0C9A54-6F0E-4D0C-9D33-5B8A2F1F7C11@klankendam.example"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-replied; owner-email=x", "Reply_To": "ander@bewoners.example"},
        {"Auto_Submitted": "auto-generated"},
        {"X_Auto_Response_Suppress": "All"},
        {"X_Auto_Response_Suppress": "DR, OOF, AutoReply"},
        {"X_Autoreply": "yes"},
        {"Precedence": "auto_reply"},
        {"Precedence": "bulk"},
        {"List_Id": "Nieuws <nieuws.pers.example>"},
        {"List_Id": "Nieuws <nieuws.pers.example>", "Reply_To": "ander@bewoners.example"},
        {"Subject": "Automatisch antwoord: Re: Afval"},
        {"Subject": "Automatic reply: Re: Afval"},
        {"From": ADDRESS},
        {"Return_Path": "<>"},
    ],
)
def test_automatic_mail_is_put_aside_with_a_reason(headers: dict[str, str]) -> None:
    found = event(mail(**headers))
    assert isinstance(found, Ignored)
    assert found.reason


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "no"},
        {"Subject": "Re: Automatisch antwoord: Re: Afval"},
        {"Subject": "Uw automatische incasso"},
        {"Auto_Submitted": "auto-generated", "Reply_To": "inwoner@bewoners.example"},
        {"X_Auto_Response_Suppress": "All", "Reply_To": "inwoner@bewoners.example"},
        {"List_Id": "<webcare.klankendam.example>", "Precedence": "list"},
        {"Message_ID": f"<{APPLE_ID}>"},
    ],
)
def test_mail_of_a_person_comes_through(headers: dict[str, str]) -> None:
    assert isinstance(event(mail(**headers)), PostArrived)


def test_our_own_copy_proves_that_the_answer_was_sent() -> None:
    found = event(mail(From=f"Gemeente <{ADDRESS}>", Message_ID=f"<{OUR_ID}>"))
    assert found == DeliverySeen(f"mid:<{OUR_ID}>")


def test_a_stranger_who_uses_our_message_id_does_not_become_our_answer() -> None:
    found = event(mail(Message_ID=f"<{OUR_ID}>"))
    assert isinstance(found, PostArrived)
    assert OUR_ID not in found.uri


def bounce(
    action: str = "failed", status: str = "5.1.1", original: str = OUR_ID, recipient: str = "weg@x.example"
) -> bytes:
    report = (
        "--grens\nContent-Type: text/plain\n\nHelaas.\n"
        f"--grens\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.x.example\n\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\n"
        "Diagnostic-Code: smtp; 550 5.1.1 Onbekende\n gebruiker\n\n"
        f"--grens\nContent-Type: text/rfc822-headers\n\nFrom: {ADDRESS}\nMessage-ID: <{original}>\n\n--grens--\n"
    )
    return mail(
        report,
        Return_Path="<>",
        From="MAILER-DAEMON@mx.x.example",
        Content_Type="multipart/report; report-type=delivery-status; boundary=grens",
        Auto_Submitted="auto-replied",
    )


def test_a_bounce_names_the_answer_and_the_reason() -> None:
    assert event(bounce()) == DeliveryFailed(f"mid:<{OUR_ID}>", "550 5.1.1 Onbekende gebruiker", permanent=True)


def test_a_bounce_after_days_of_trying_is_not_permanent() -> None:
    found = event(bounce(status="4.4.7"))
    assert isinstance(found, DeliveryFailed)
    assert not found.permanent


@pytest.mark.parametrize(
    "report",
    [
        bounce(action="delayed", status="4.4.1"),
        bounce(action="delivered", status="2.0.0"),
        bounce(original="iets-anders@elders.example"),
        bounce(recipient=ADDRESS),
    ],
)
def test_reports_that_say_nothing_about_an_answer_are_put_aside(report: bytes) -> None:
    assert isinstance(event(report), Ignored)


def test_a_bounce_in_plain_words_is_understood() -> None:
    text = f"Hi. This is the program.\n<weg@x.example>: 550 5.1.1 user unknown\n--- Below\nMessage-ID: <{OUR_ID}>\n"
    found = event(mail(text, Return_Path="<>", From="postmaster@x.example", Subject="failure notice"))
    assert found == DeliveryFailed(f"mid:<{OUR_ID}>", "<weg@x.example>: 550 5.1.1 user unknown", permanent=True)


def test_a_warning_that_delivery_is_slow_is_no_bounce() -> None:
    text = f"THIS IS A WARNING MESSAGE ONLY. Delivery 4.4.1\nMessage-ID: <{OUR_ID}>\n"
    assert isinstance(event(mail(text, Return_Path="<>", From="mailer-daemon@x.example")), Ignored)


def test_out_of_office_that_quotes_our_answer_is_no_bounce() -> None:
    text = f"Ik ben er niet.\nMessage-ID: <{OUR_ID}>"
    assert isinstance(event(mail(text, Return_Path="<>", In_Reply_To=f"<{OUR_ID}>")), Ignored)


def test_a_read_receipt_is_put_aside() -> None:
    kind = "multipart/report; report-type=disposition-notification; boundary=grens"
    assert isinstance(event(mail("--grens\n\nGelezen\n--grens--", Content_Type=kind)), Ignored)
