"""Recognises mail that no person wrote to us: our own copies, bounces, out-of-office answers, lists and loops.

RFC 3834 (automatic responses), RFC 3464 (delivery status), RFC 8098 (read receipts), RFC 2919 (List-Id), and the
header with which Exchange keeps automatic answers away.
"""

from __future__ import annotations

import re
from email.message import Message

from django.utils.translation import gettext as _

from klankbord.channels.contract import DeliveryFailed, DeliverySeen, Event, Ignored
from klankbord.channels.mail.identity import Own, parties
from klankbord.channels.mail.parts import decoded_text, parameter, walk
from klankbord.channels.mail.words import decode_words, header, message_ids, one_line, uri_of

_AWAY_SUBJECT = re.compile(
    r"\s*(automatisch antwoord|automatische beantwoording|automatic reply|auto-?reply|out of (the )?office|"
    r"abwezenheidsassistent|afwezigheidsassistent|afwezigheidsbericht|niet aanwezig|automatische antwort|"
    r"réponse automatique)\s*[:-]",
    re.IGNORECASE,
)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|delivery (status|failure|has failed)|mail delivery|failure notice|returned mail|non remis|"
    r"onbestelbaar|niet (afgeleverd|bezorgd|bestelbaar)|unzustellbar",
    re.IGNORECASE,
)
_BOUNCE_SENDER = re.compile(r"^(mailer-daemon|postmaster|mail-daemon|bounce)@", re.IGNORECASE)
_ONLY_DELAYED = re.compile(
    r"warning message only|(will|shall) (be retried|keep trying|continue)|still being retried|has been delayed|"
    r"is vertraagd|blijven proberen",
    re.IGNORECASE,
)
_STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
_RETURNED_ID = re.compile(r"^message-id:\s*<?([^<>\s]+)>?", re.IGNORECASE | re.MULTILINE)
_BULK = {"bulk", "list", "junk"}


def automatic(message: Message, own: Own, sender: str) -> Event | None:
    """What this mail means when it is no message of a person; ``None`` when it is one."""
    if own.is_me(sender) and (ours := [one for one in message_ids(header(message, "Message-ID")) if own.is_ours(one)]):
        return DeliverySeen(uri_of(ours[0]))
    subject = one_line(decode_words(header(message, "Subject")))
    kind = message.get_content_type()
    if kind == "multipart/report":
        report = parameter(message, "report-type").lower()
        if report == "disposition-notification":
            return Ignored(_("A read receipt"))
        if report == "delivery-status" or any(
            part.get_content_type() == "message/delivery-status" for part in walk(message)
        ):
            return _report(message, own)
    nobody = header(message, "Return-Path").replace(" ", "") == "<>"
    if _BOUNCE_SENDER.match(sender) or (nobody and _BOUNCE_SUBJECT.search(subject)):
        return _plain_bounce(message, own)
    reason = _reason(message, own, sender, subject, nobody)
    return Ignored(reason) if reason else None


def writes_for_another(message: Message, own: Own, sender: str) -> bool:
    """A web form sends from its own address and names the person in Reply-To."""
    return any(one.address != sender and not own.is_me(one.address) for one in parties(message, "Reply-To"))


def _reason(message: Message, own: Own, sender: str, subject: str, nobody: bool) -> str:
    submitted = header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    precedence = header(message, "Precedence").strip().lower()
    if (
        submitted.startswith(("auto-replied", "auto-notified"))
        or precedence == "auto_reply"
        or header(message, "X-Autoreply")
        or header(message, "X-Autorespond")
        or _AWAY_SUBJECT.match(subject)
    ):
        return _("An automatic answer, for instance out of office")
    by_form = writes_for_another(message, own, sender)
    by_list = bool(header(message, "List-Id"))
    if (by_list and not _is_our_own_list(message, own)) or (precedence in _BULK and not by_list and not by_form):
        return _("A mailing list or newsletter")
    if by_form:
        return ""
    if own.is_me(sender):
        return _("Sent from our own address")
    suppressed = {one.strip().lower() for one in header(message, "X-Auto-Response-Suppress").split(",")}
    if (submitted and submitted != "no") or suppressed & {"all", "autoreply"} or nobody:
        return _("Sent by a program, without a person to answer")
    return ""


def _is_our_own_list(message: Message, own: Own) -> bool:
    """A shared address that is itself a group (Google Groups, Exchange) marks every mail as list mail."""
    named = header(message, "List-Id").lower()
    return own.address.lower().replace("@", ".") in named or own.address.lower() in header(message, "List-Post").lower()


def _report(message: Message, own: Own) -> Event:
    failed: list[tuple[str, str]] = []
    actions: set[str] = set()
    for part in walk(message):
        if part.get_content_type() != "message/delivery-status":
            continue
        for block in _blocks(part):
            action = header(block, "Action").lower()
            actions.add(action)
            recipient = header(block, "Final-Recipient").rpartition(";")[2].strip().lower()
            if action == "failed" and not own.is_me(recipient):
                diagnosis = header(block, "Diagnostic-Code").partition(";")[2] or header(block, "Status")
                failed.append((header(block, "Status"), one_line(decode_words(diagnosis))))
    if not failed:
        if "delayed" in actions:
            return Ignored(_("The other mail server is slow, delivery is still being tried"))
        return Ignored(_("A delivery report without a failure"))
    ours = _returned_id(message, own)
    if not ours:
        return Ignored(_("A bounce of a mail that we did not send"))
    status, reason = failed[0]
    return DeliveryFailed(uri_of(ours), reason or _("The mail could not be delivered"), not status.startswith("4"))


def _blocks(part: Message) -> list[Message]:
    """The groups of fields of a delivery status; the first is about the message, the others about recipients."""
    content = part.get_payload()
    return [one for one in content if isinstance(one, Message)] if isinstance(content, list) else []


def _returned_id(message: Message, own: Own) -> str:
    """Our Message-ID of the mail that came back: from its returned headers, else from anywhere in the report."""
    for part in walk(message):
        if part is not message and part.get_content_type() not in ("text/rfc822-headers", "message/delivery-status"):
            ids = [one for one in message_ids(header(part, "Message-ID")) if own.is_ours(one)]
            if ids:
                return ids[0]
    return _id_in(_all_text(message), own)


def _plain_bounce(message: Message, own: Own) -> Event:
    text = _all_text(message)
    ours = _id_in(text, own)
    if not ours:
        return Ignored(_("A bounce of a mail that we did not send"))
    if _ONLY_DELAYED.search(text):
        return Ignored(_("The other mail server is slow, delivery is still being tried"))
    status = _STATUS.search(text)
    reason = one_line(_line_around(text, status.start())) if status else _("The mail could not be delivered")
    return DeliveryFailed(uri_of(ours), reason, not (status and status[1] == "4"))


def _id_in(text: str, own: Own) -> str:
    """The Message-ID field of a returned mail in running text; its References may name earlier answers of ours."""
    named = [one for one in _RETURNED_ID.findall(text) if own.is_ours(one)]
    loose = own.ids_in(text)
    return (named or loose or [""])[0]


def _line_around(text: str, position: int) -> str:
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    return text[start : end if end >= 0 else None]


def _all_text(message: Message) -> str:
    texts = [decoded_text(part) for part in walk(message) if part.get_content_maintype() == "text"]
    return "\n".join(texts)
