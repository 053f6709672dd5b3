"""A sealed file opens with its passphrase only, and whole or not at all."""

from __future__ import annotations

import io
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.base import sealed_file
from klankbord.base.sealed_file import Damaged, NotSealed, SealedReader, SealedWriter, WrongPassphrase

PASSPHRASE = "vier woorden vol één"
CHUNK = 64
SEALED = CHUNK + 16
HEAD = 24 + 26


@pytest.fixture(autouse=True, scope="module")
def small_and_cheap() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealed_file, "_CHUNK", CHUNK)
        patch.setattr(sealed_file, "_COST", (2, 8, 1))
        yield


def seal(content: bytes, piece: int = 1000) -> bytes:
    file = io.BytesIO()
    with SealedWriter(file, PASSPHRASE) as sealed:
        for start in range(0, len(content), piece):
            sealed.write(content[start : start + piece])
    return file.getvalue()


def unseal(sealed: bytes, passphrase: str = PASSPHRASE) -> bytes:
    return SealedReader(io.BytesIO(sealed), passphrase).read()


@given(st.binary(max_size=4 * CHUNK), st.integers(1, 3 * CHUNK))
def test_what_goes_in_comes_out(content: bytes, piece: int) -> None:
    assert unseal(seal(content, piece)) == content


@given(st.integers(0, 5).map(lambda chunks: chunks * CHUNK))
def test_a_length_of_whole_chunks_comes_out_too(length: int) -> None:
    assert unseal(seal(b"x" * length)) == b"x" * length


@given(st.integers(1, HEAD + 3 * SEALED))
def test_a_file_cut_off_anywhere_is_refused(missing: int) -> None:
    whole = seal(bytes(3 * CHUNK))
    with pytest.raises((Damaged, WrongPassphrase, NotSealed)):
        unseal(whole[:-missing])


@given(st.integers(0, HEAD + 3 * SEALED - 1), st.integers(1, 255))
def test_a_file_changed_anywhere_is_refused(place: int, change: int) -> None:
    changed = bytearray(seal(bytes(3 * CHUNK)))
    changed[place] ^= change
    with pytest.raises((Damaged, WrongPassphrase, NotSealed)):
        unseal(bytes(changed))


def test_chunks_that_changed_places_or_were_added_are_refused() -> None:
    whole = seal(b"a" * CHUNK + b"b" * CHUNK + b"c" * CHUNK)
    head, chunks = whole[:HEAD], [whole[HEAD + n * SEALED : HEAD + (n + 1) * SEALED] for n in range(3)]
    for wrong in ([0, 2, 1], [0, 2], [0, 1, 2, 2], [0, 1, 1, 2]):
        with pytest.raises(Damaged):
            unseal(head + b"".join(chunks[n] for n in wrong))


def test_another_passphrase_and_another_file_are_told_apart() -> None:
    with pytest.raises(WrongPassphrase):
        unseal(seal(b"geheim"), "een ander")
    with pytest.raises(NotSealed):
        unseal(b"PK\x03\x04 something else entirely, long enough to look at")


def test_the_same_letters_typed_on_another_keyboard_open_it() -> None:
    assert unseal(seal(b"geheim"), "vier woorden vol e\u0301e\u0301n") == b"geheim"


def test_nothing_readable_is_in_the_file_and_two_are_never_the_same() -> None:
    content = b"Mevrouw Jansen belde" * 20
    first, second = seal(content), seal(content)
    assert b"Jansen" not in first
    assert first[HEAD:] != second[HEAD:]


def test_a_buffered_stream_reads_it_piece_by_piece() -> None:
    content = bytes(range(256)) * 3
    file = cast(BinaryIO, io.BufferedReader(SealedReader(io.BytesIO(seal(content)), PASSPHRASE)))
    assert [file.read(100), file.read()] == [content[:100], content[100:]]
