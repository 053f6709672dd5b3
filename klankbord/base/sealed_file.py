"""A file that only a passphrase opens, written and read as a stream.

The layout: a line that names it, the salt and cost of scrypt (RFC 7914), a nonce prefix, and then chunks sealed with
ChaCha20-Poly1305 (RFC 8439). Chunks are numbered and the last one is marked (the STREAM construction of Hoang,
Reyhanitabar, Rogaway and Vizár, 2015), so a chunk that was changed, moved, left out or cut off is noticed.
"""

from __future__ import annotations

import io
import os
import struct
import unicodedata
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from klankbord.base.language import gettext as _
from klankbord.base.problem import Problem

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

_MAGIC = b"KLANKBORD SEALED FILE 1\n"
_HEADER = struct.Struct(">16sBBB7s")  # salt, log2 of n, r, p, nonce prefix
_COST = (17, 8, 1)  # 128 MiB and about half a second: recommended for files since 2017
_CHUNK = 2**20
_TAG = 16


class NotSealed(Problem):
    """This is another kind of file."""


class WrongPassphrase(Problem):
    """The first chunk does not open."""


class Damaged(Problem):
    """A later chunk does not open, or the end is missing."""


class _Seal:
    """The cipher of one file and the number of the next chunk."""

    def __init__(self, passphrase: str, header: bytes) -> None:
        self._prefix: bytes
        salt, log_n, r, p, self._prefix = _HEADER.unpack(header)
        if (log_n, r, p) > (20, 8, 4):
            # Who made this file should not decide how much memory we spend on it.
            raise Damaged(_("This backup asks for an unusual amount of memory and is not opened."))
        # One keyboard writes é as one character, another as two.
        secret = unicodedata.normalize("NFC", passphrase).encode()
        key = Scrypt(salt=salt, length=32, n=2**log_n, r=r, p=p).derive(secret)
        self._cipher = ChaCha20Poly1305(key)
        self._header = header
        self.number = 0

    def nonce(self, *, last: bool) -> bytes:
        nonce = self._prefix + struct.pack(">IB", self.number, last)
        self.number += 1
        return nonce

    def close_chunk(self, plain: bytes, *, last: bool) -> bytes:
        return self._cipher.encrypt(self.nonce(last=last), plain, self._header)

    def open_chunk(self, sealed: bytes, *, last: bool) -> bytes:
        return self._cipher.decrypt(self.nonce(last=last), sealed, self._header)


class SealedWriter(io.RawIOBase):
    """Seals what is written to it; only :meth:`close` makes the file complete."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        header = _HEADER.pack(os.urandom(16), *_COST, os.urandom(7))
        self._seal = _Seal(passphrase, header)
        self._file = file
        self._waiting = bytearray()
        file.write(_MAGIC + header)

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer) -> int:
        piece = memoryview(data).cast("B")
        self._waiting += piece
        # One byte at least stays behind: the last chunk is marked, and we only know at the end which it is.
        while len(self._waiting) > _CHUNK:
            self._file.write(self._seal.close_chunk(bytes(self._waiting[:_CHUNK]), last=False))
            del self._waiting[:_CHUNK]
        return len(piece)

    def close(self) -> None:
        """Writes the last chunk; the file below stays open."""
        if not self.closed:
            self._file.write(self._seal.close_chunk(bytes(self._waiting), last=True))
        super().close()


class SealedReader(io.RawIOBase):
    """Reads what :class:`SealedWriter` wrote; hands out nothing that was not proven to be whole."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise NotSealed(_("This file is not a backup of Klankbord."))
        header = file.read(_HEADER.size)
        if len(header) != _HEADER.size:
            raise self._damaged()
        self._seal = _Seal(passphrase, header)
        self._file = file
        self._ahead = file.read(_CHUNK + _TAG)
        self._plain = memoryview(b"")
        self._ended = False
        self._next()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        target = memoryview(buffer).cast("B")
        while not self._plain and not self._ended:
            self._next()
        piece = self._plain[: len(target)]
        target[: len(piece)] = piece
        self._plain = self._plain[len(piece) :]
        return len(piece)

    def _next(self) -> None:
        sealed, self._ahead = self._ahead, self._file.read(_CHUNK + _TAG)
        first, last = self._seal.number == 0, not self._ahead
        try:
            self._plain = memoryview(self._seal.open_chunk(sealed, last=last))
        except InvalidTag:
            # A short first chunk that does not open may be cut off; it may also be the wrong passphrase.
            if first:
                raise WrongPassphrase(
                    _("The backup does not open: the passphrase is wrong, or the file is damaged at the beginning.")
                ) from None
            raise self._damaged() from None
        self._ended = last

    def _damaged(self) -> Damaged:
        return Damaged(
            _("The backup is damaged or was cut off: it is not complete. Nothing was restored. Use another copy.")
        )
