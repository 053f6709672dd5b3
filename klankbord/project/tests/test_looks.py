"""What every page shows: moments, fields, and templates that keep to the content security policy."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django import forms
from django.template.loader import render_to_string
from django.utils import translation

from klankbord.base import drawing
from klankbord.project.installation import CHECKOUT

NOON = datetime(2026, 3, 10, 11, 0, tzinfo=UTC)
TEMPLATES = sorted((CHECKOUT / "klankbord").rglob("templates/**/*.html"))
OWN_CODE = re.compile(r"""\sstyle\s*=|<style|\son[a-z]+=["']|<script(?![^>]*\bsrc=)|javascript:|hx-on""")
ICONS = CHECKOUT / "klankbord/project/static/klankbord/icons.svg"


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=20), "now"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=3), "09:00"),
        (timedelta(days=1), "9 mar"),
        (timedelta(days=300), "14 may 2025"),
    ],
)
def test_a_moment_is_said_as_shortly_as_it_can_be(ago: timedelta, words: str) -> None:
    with translation.override("en"):
        assert drawing.said(NOON - ago, NOON) == words


def test_somebody_is_late_only_after_the_widest_published_norm() -> None:
    assert not drawing.is_late(NOON - timedelta(hours=23), NOON)
    assert drawing.is_late(NOON - timedelta(hours=25), NOON)
    assert not drawing.is_late(None, NOON)


def test_every_icon_that_is_asked_for_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', ICONS.read_text()))
    asked = set(drawing.CHANNEL_ICONS.values()) | {"chat"}
    lines = (CHECKOUT / "klankbord/inbox/lines.py").read_text()
    asked |= set(re.findall(r'icon\("([^"]+)"', lines))
    for template in TEMPLATES:
        for in_tag, in_include in re.findall(r'\{% icon "([^"]+)"|icon_name="([^"]+)"', template.read_text()):
            asked.add(in_tag or in_include)
    assert asked <= drawn


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_a_template_has_no_style_or_script_of_its_own(template: Path) -> None:
    text = template.read_text()
    assert not OWN_CODE.findall(text)


def test_the_page_for_our_own_faults_needs_no_request_and_no_database() -> None:
    with translation.override("nl"):
        assert "500" in render_to_string("500.html")


class Example(forms.Form):
    name = forms.CharField(label="Naam", help_text="Zoals collega's het zien.")
    sort = forms.ChoiceField(label="Soort", choices=[("a", "A")], widget=forms.RadioSelect)
    on = forms.BooleanField(label="Aan", required=False)


def test_a_field_is_tied_to_its_label_help_and_error() -> None:
    page = str(Example({}))
    assert 'for="id_name"' in page
    assert 'aria-describedby="id_name_helptext id_name_error"' in page
    assert 'id="id_name_helptext"' in page
    assert 'id="id_name_error"' in page
    assert 'aria-invalid="true"' in page
    assert "utrecht-textbox" in page
    assert "utrecht-form-field--checkbox" in page
    assert "<legend" in page
