"""The pictures of the documentation: each one that is asked for is there, each one that is there is asked for."""

from __future__ import annotations

import re

from klankbord.base.picture import read_picture
from tests.guide_pictures import FOLDER, PICTURES
from tests.test_house_rules import ROOT

LARGEST_TOGETHER = 2_000_000  # bytes
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHOWN = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")


def test_every_picture_is_shown_and_every_picture_shown_is_there() -> None:
    asked = {
        (page.parent / address).resolve()
        for page in PAGES
        for _words, address in SHOWN.findall(page.read_text(encoding="utf-8"))
    }
    assert asked == set(FOLDER.iterdir())


def test_every_picture_can_be_made_again() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{picture.name}.webp" for picture in PICTURES}


def test_every_picture_says_in_words_what_it_shows() -> None:
    for page in PAGES:
        for words, _address in SHOWN.findall(page.read_text(encoding="utf-8")):
            assert len(words) > 10, page


def test_the_pictures_are_pictures_of_the_size_they_should_have_and_small_together() -> None:
    for picture in PICTURES:
        read = read_picture((FOLDER / f"{picture.name}.webp").read_bytes())
        assert (read.width, read.height) == picture.size
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < LARGEST_TOGETHER
