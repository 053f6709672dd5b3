"""The tamper-evident log: each act in the words of BIO2 8.15.01, sealed into a hash chain per organisation.

An entry is written in the transaction of the act itself. A job seals entries every few seconds, because a chain inside
each act would make everybody wait for everybody. The chain goes over salted digests: the readable text beside a digest
can be erased (AVG 17) and ``verify`` still passes.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils import timezone

from klankbord.tenancy.models import AuditEntry, AuditSeal, Organisation, User

SEAL_AT_MOST = 5000
LONGEST_TRANSACTION = timedelta(hours=1)
GENESIS = b"\0" * 32


def _digest(salt: bytes, words: dict[str, Any]) -> bytes:
    return hashlib.sha256(salt + json.dumps(words, sort_keys=True, ensure_ascii=False).encode()).digest()


def _words(
    organisation_id: int,
    actie: str,
    subject: str,
    resultaat: str,
    oorsprong: str,
    actor: str,
    at: datetime,
    details: Any,
) -> dict[str, Any]:
    return {
        "organisatie": organisation_id,
        "actie": actie,
        "object": subject,
        "resultaat": resultaat,
        "oorsprong": oorsprong,
        "actor": actor,
        "tijdstempel": at.astimezone(timezone.get_default_timezone()).isoformat(),
        "details": details,
    }


def record(
    organisation_id: int,
    actie: str,
    subject: str,
    *,
    by: User | None,
    actor: str = "",
    resultaat: str = "gelukt",
    details: dict[str, Any] | None = None,
) -> None:
    """Write one entry. ``subject`` is loose, like ``gesprek:12``; ``by`` is None for the machine.

    A plain INSERT: a desk that acts by mandate may write in the principal's log but not read it, and RETURNING reads.
    """
    at = timezone.now()
    actor = actor or (by.name if by else "Klankbord")
    oorsprong = "scherm" if by else "automaat"
    salt = os.urandom(16)
    details = details or {}
    digest = _digest(salt, _words(organisation_id, actie, subject, resultaat, oorsprong, actor, at, details))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenancy_auditentry (organisation_id, actie, object, resultaat, oorsprong, actor, by_user,"
            " tijdstempel, details, salt, digest) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s)",
            [
                organisation_id,
                actie,
                subject,
                resultaat,
                oorsprong,
                actor,
                by.pk if by else None,
                at,
                json.dumps(details, ensure_ascii=False),
                salt,
                digest,
            ],
        )


def seal(organisation_id: int) -> int:
    """Put this organisation's unsealed entries in its chain, inside ``acting_for`` it; how many were sealed."""
    with connection.cursor() as cursor:
        # one sealer per organisation at a time; the lock goes with the transaction
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('audit-seal'), %s)", [organisation_id])
    last = AuditSeal.objects.filter(organisation_id=organisation_id).order_by("-number").first()
    number, chain = (last.number, bytes(last.chain)) if last else (0, GENESIS)
    fresh = AuditEntry.objects.filter(
        ~Exists(AuditSeal.objects.filter(entry=OuterRef("pk"))), organisation_id=organisation_id
    ).order_by("pk")
    if last:
        # an entry becomes visible at most as late as the longest transaction takes; no need to read the whole log
        fresh = fresh.filter(tijdstempel__gte=last.sealed_at - LONGEST_TRANSACTION)
    now = timezone.now()
    seals = []
    for entry in fresh[:SEAL_AT_MOST]:
        number += 1
        chain = hashlib.sha256(chain + bytes(entry.digest)).digest()
        seals.append(AuditSeal(organisation_id=organisation_id, number=number, entry=entry, chain=chain, sealed_at=now))
    AuditSeal.objects.bulk_create(seals)
    return len(seals)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What ``verify`` found for one organisation."""

    organisation: str
    sealed: int
    unsealed: int
    erased: int
    broken: tuple[str, ...]

    @property
    def whole(self) -> bool:
        return not self.broken


def verify(organisation: Organisation) -> Verdict:
    """Recompute every digest and the chain, inside the fence of this organisation."""
    broken: list[str] = []
    chain, expected, sealed, erased = GENESIS, 1, 0, 0
    seals = AuditSeal.objects.filter(organisation=organisation).select_related("entry").order_by("number")
    for seal_row in seals.iterator(chunk_size=2000):
        entry = seal_row.entry
        if seal_row.number != expected:
            broken.append(f"{expected}: een of meer regels ontbreken")
            expected = seal_row.number
        if entry.erased_at is not None:
            erased += 1
        elif bytes(entry.digest) != _digest(
            bytes(entry.salt),
            _words(
                entry.organisation_id,
                entry.actie,
                entry.object,
                entry.resultaat,
                entry.oorsprong,
                entry.actor,
                entry.tijdstempel,
                entry.details,
            ),
        ):
            broken.append(f"{seal_row.number}: de tekst van regel {entry.pk} is veranderd")
        chain = hashlib.sha256(chain + bytes(entry.digest)).digest()
        if chain != bytes(seal_row.chain):
            broken.append(f"{seal_row.number}: de keten klopt niet")
            chain = bytes(seal_row.chain)
        sealed += 1
        expected += 1
    total = AuditEntry.objects.filter(organisation=organisation).count()
    return Verdict(organisation.name, sealed, total - sealed, erased, tuple(broken))
