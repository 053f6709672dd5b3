"""Where we are in a mailbox is never ahead of what was read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from klankbord.channels.mail.client import Listed, quoted
from klankbord.channels.mail.cursor import Position

NOW = datetime(2025, 3, 3, 10, tzinfo=UTC)


def listed(uid: int, age: timedelta = timedelta(0)) -> Listed:
    return Listed(uid, 100, NOW - age)


def test_the_first_look_takes_the_last_day_and_nothing_older() -> None:
    position = Position.first(7, 100, [90, 95], NOW)
    old, new = listed(92, timedelta(hours=25)), listed(95, timedelta(hours=23))
    assert position.wanted([listed(88, timedelta(days=9)), old, new, listed(100)]) == [new, listed(100)]


def test_an_empty_last_day_starts_at_what_comes() -> None:
    position = Position.first(7, 100, [], NOW)
    assert position.uid == 99
    assert position.wanted([listed(99, timedelta(days=2)), listed(100)]) == [listed(100)]


def test_an_old_mail_that_is_moved_into_the_folder_later_is_wanted() -> None:
    position = Position.first(7, 100, [], NOW)
    assert position.wanted([listed(101, timedelta(days=400))])


def test_a_renumbered_folder_is_read_again_but_nothing_from_before_our_beginning() -> None:
    position = Position.first(7, 100, [], NOW).moved(120, range(100, 121)).renumbered(8, 50)
    assert position.start == 1
    assert position.wanted([listed(3, timedelta(days=5)), listed(4)]) == [listed(4)]


def test_a_mail_that_shows_up_late_with_a_lower_uid_is_still_wanted() -> None:
    position = Position.first(7, 100, [], NOW).moved(102, [100, 102])
    assert position.wanted([listed(100), listed(101), listed(102)]) == [listed(101)]


@given(st.lists(st.integers(1, 60), unique=True, max_size=40), st.integers(1, 60))
def test_every_mail_is_taken_exactly_once_whatever_the_batches(uids: list[int], size: int) -> None:
    position = Position.first(7, 1, [], NOW)
    taken: list[int] = []
    for _turn in range(100):
        wanted = position.wanted(listed(uid) for uid in sorted(uids) if uid >= position.start)[:size]
        if not wanted:
            break
        taken += [one.uid for one in wanted]
        position = Position.load(json.loads(json.dumps(position.moved(wanted[-1].uid, [o.uid for o in wanted]).dump())))
    assert taken == sorted(uids)


def test_folder_names_in_other_letters_are_written_as_imap_wants() -> None:
    assert quoted("INBOX") == '"INBOX"'
    assert quoted('Klacht "& zo"') == '"Klacht \\"&- zo\\""'
    assert quoted("~peter/mail/台北/日本語") == '"~peter/mail/&U,BTFw-/&ZeVnLIqe-"'
    assert quoted("a\r\nb") == '"ab"'
