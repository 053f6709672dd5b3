"""``klankbord match`` from outside: a process, two files or a pipe, and no database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

DOSSIERS = [
    {"id": "brug", "query": 'Klankendam ("de brug" OF sluis) NIET film'},
    {"id": "kapot", "query": "brug AND"},
    {"id": "wie\n✓", "query": "#KlankbrugDicht"},
    {"id": "taal", "query": "brug taal:nl"},
]
POSTS = [
    {"id": "1", "text": "Klankendam: de brug is dicht #klankbrugdicht", "language": "nl", "channel": "mastodon"},
    {"id": "2", "text": "De film over de brug van Klankendam", "published_at": "2026-11-22T08:55:00Z"},
    {"id": "3", "text": "niets"},
]


def lines(path: Path, said: list[Any]) -> Path:
    path.write_text("".join(one if isinstance(one, str) else json.dumps(one) + "\n" for one in said), encoding="utf-8")
    return path


def command(*arguments: object, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "klankbord.project.command", "match", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
        env={
            **{name: value for name, value in os.environ.items() if "DATABASE" not in name},
            "KLANKBORD_LANGUAGE": "en",
        },
        **more,
    )


@pytest.fixture
def dossiers(tmp_path: Path) -> Path:
    return lines(tmp_path / "D.jsonl", DOSSIERS)


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    return lines(tmp_path / "P.jsonl", POSTS)


def test_a_line_for_each_match_with_its_reasons(dossiers: Path, posts: Path) -> None:
    done = command("--dossiers", dossiers, "--posts", posts)
    assert done.returncode == 0
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"post": "1", "dossier": "brug", "why": ["Klankendam", '"de brug"']},
        {"post": "1", "dossier": "wie\n✓", "why": ["#KlankbrugDicht"]},
        {"post": "1", "dossier": "taal", "why": ["brug", "taal:nl"]},
    ]


def test_a_refused_query_is_reported_by_its_id_and_the_rest_goes_on(dossiers: Path, posts: Path) -> None:
    done = command("--dossiers", dossiers, "--posts", posts)
    assert done.stderr.count("\n") == 1
    assert 'dossier "kapot" refused' in done.stderr
    assert "characters 5-8" in done.stderr
    assert "Did you mean: brug" in done.stderr
    assert command("--dossiers", dossiers, "--posts", posts, "--strict").returncode == 1


def test_posts_can_come_from_a_pipe_and_are_answered_one_by_one(dossiers: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "klankbord.project.command", "match", "--dossiers", str(dossiers), "--posts", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(3):
            process.stdin.write(json.dumps({"id": str(number), "text": "#KlankbrugDicht"}) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["post"] == str(number)
        process.stdin.close()
        assert process.wait(60) == 0


def test_malformed_lines_are_reported_by_number_and_skipped(tmp_path: Path) -> None:
    dossiers = lines(
        tmp_path / "D.jsonl", ["geen json\n", {"id": 7, "query": "brug"}, {"id": "7", "query": "x"}, "[]\n"]
    )
    posts = lines(
        tmp_path / "P.jsonl",
        [
            "\ufeff",
            {"id": "a", "text": "brug"},
            "\n",
            {"id": "b"},
            {"text": "brug"},
            {"id": "c", "text": "brug", "language": 5},
            {"id": "d", "text": "brug", "published_at": "gisteren"},
            {"id": "e", "text": "brug", "language": None},
        ],
    )
    with posts.open("ab") as file:
        file.write(b'{"id": "\xff", "text": "brug"}\n{"id": "\\ud800", "text": "brug"}')
    done = command("--dossiers", dossiers, "--posts", posts)
    assert done.returncode == 0
    assert [json.loads(line)["post"] for line in done.stdout.splitlines()] == ["a", "e", "\ud800"]
    assert {json.loads(line)["dossier"] for line in done.stdout.splitlines()} == {"7"}
    told = [line.removeprefix("klankbord: ").split(":")[0] for line in done.stderr.splitlines()]
    assert told == [
        *("dossiers, line 1", "dossiers, line 3", "dossiers, line 4"),
        *("posts, line 3", "posts, line 4", "posts, line 5", "posts, line 6", "posts, line 8"),
    ]


def test_stats_go_to_standard_error(dossiers: Path, posts: Path) -> None:
    done = command("--dossiers", dossiers, "--posts", posts, "--stats")
    assert "3 dossiers loaded" in done.stderr
    assert "3 posts, 3 finds" in done.stderr
    assert "posts/s" in done.stderr
    assert len(done.stdout.splitlines()) == 3


def test_a_file_that_is_not_there_is_a_problem_in_a_sentence(posts: Path, tmp_path: Path) -> None:
    done = command("--dossiers", tmp_path / "weg.jsonl", "--posts", posts)
    assert done.returncode == 78
    assert "weg.jsonl" in done.stderr
    assert "Traceback" not in done.stderr
    assert command("--dossiers", "-", "--posts", "-").returncode == 78
    assert command("--dossiers", posts).returncode == 2


def test_a_reader_that_has_enough_is_no_fault(dossiers: Path, tmp_path: Path) -> None:
    posts = lines(tmp_path / "P.jsonl", [{"id": str(number), "text": "#KlankbrugDicht"} for number in range(20_000)])
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "klankbord.project.command",
            "match",
            "--dossiers",
            str(dossiers),
            "--posts",
            str(posts),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(60) == 0
        assert b"Broken" not in process.stderr.read()
