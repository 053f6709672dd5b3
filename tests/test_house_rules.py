"""House rules that a tool can check, each with its reason and with an example of what it refuses and what it lets be.

An exception is a line in a table here, with its reason. Who needs a new one first looks for a way without.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule over Python code: ``offences`` gives the nodes of a tree that break it."""

    name: str
    why: str
    offences: Callable[[ast.AST], Iterator[ast.AST]]
    bad: str
    good: str
    where: str = "klankbord/**"
    exceptions: dict[str, str] = field(default_factory=dict)
    """Path patterns, each with the reason."""


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Every call with the dotted name of what is called, as far as it is written out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, dotted(node.func)


def dotted(node: ast.expr) -> str:
    """``Post.objects.filter().delete`` for the expression that says so."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{dotted(value)}.{attr}"
        case ast.Call(func=func):
            return f"{dotted(func)}()"
    return ""


ORM_WRITES = {"create", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "update", "delete"}
SQL_WRITE = re.compile(r"\s*(INSERT INTO|DELETE FROM|TRUNCATE|UPDATE \w+ SET)\b")


def writes(tree: ast.AST) -> Iterator[ast.AST]:
    """Calls that write rows through the ORM, and statements that do it in SQL."""
    for call, name in calls(tree):
        last = name.rpartition(".")[2]
        if last == "save" or (last in ORM_WRITES and ".objects." in name):
            yield call
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL_WRITE.match(node.value):
            yield node


def own_saves(tree: ast.AST) -> Iterator[ast.AST]:
    """Methods that make saving or deleting do more than it says."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for thing in node.body:
                if isinstance(thing, ast.FunctionDef) and thing.name in ("save", "delete", "full_clean"):
                    yield thing


def named(*names: str) -> Callable[[ast.AST], Iterator[ast.AST]]:
    """Uses of these names, imported or called."""

    def find(tree: ast.AST) -> Iterator[ast.AST]:
        for node in ast.walk(tree):
            used = [node.attr] if isinstance(node, ast.Attribute) else []
            if isinstance(node, ast.ImportFrom):
                used = [alias.name for alias in node.names]
            if not set(names).isdisjoint(used):
                yield node

    return find


def unseen_sentences(tree: ast.AST) -> Iterator[ast.AST]:
    """Sentences to translate inside a formatted string."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield from (call for call, name in calls(node) if name.rpartition(".")[2] == "_" or "gettext" in name)


def asynchronous(tree: ast.AST) -> Iterator[ast.AST]:
    """Coroutines."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef))


OPENERS = {"IMAP4", "IMAP4_SSL", "SMTP", "SMTP_SSL", "LMTP", "create_connection", "urlopen", "build_opener"}


def opened(tree: ast.AST) -> Iterator[ast.AST]:
    """Calls that open a connection to somewhere else."""
    for call, name in calls(tree):
        if name.rpartition(".")[2] in OPENERS or name.startswith(("httpx.", "requests.")):
            yield call


DATABASE = ("django.db", "klankbord.channels.models", "klankbord.channels.actions", "klankbord.channels.queries")


def database_imports(tree: ast.AST) -> Iterator[ast.AST]:
    """Imports of what reads or writes the database."""
    for node in ast.walk(tree):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            modules = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        if any(module.startswith((*DATABASE, "klankbord.tenancy")) for module in modules):
            yield node


RULES = [
    Rule(
        name="A sentence to translate stands outside a formatted string",
        why="Who collects the sentences for translation cannot see it there before Python 3.12, so it stays English.",
        offences=unseen_sentences,
        bad="f\"<b>{escape(_('Unread'))}</b>\"",
        good='unread = _("Unread"); f"<b>{escape(unread)}</b>"',
    ),
    Rule(
        name="only actions.py writes",
        why="Who wants to know what can change reads one file per room.",
        offences=writes,
        bad="Post.objects.filter(pk=1).update(text='')",
        good="Post.objects.filter(pk=1).first()",
        exceptions={
            "klankbord/*/actions.py": "the place for it",
            "klankbord/*/actions/*.py": "the place for it, when it outgrew one file",
            "klankbord/*/migrations/*.py": "changes what exists, once",
            "klankbord/tenancy/audit.py": "the audit log writes itself, inside the action of others",
            "klankbord/tenancy/sessions.py": "the actions on log-in sessions: a page of its own",
            "klankbord/tenancy/following.py": "the actions of who logs in with the provider: a page of its own",
            "klankbord/project/signing_in.py": "wipes what the provider tells beside who somebody is",
            "klankbord/inbox/leaving.py": "the action of who goes: gives back what stands in their name",
            "klankbord/inbox/sending.py": "the actions on one delivery: a page of its own for claim, send, record",
            "klankbord/inbox/threads.py": "the actions of what comes in: opens, reopens, joins; no person acts",
            "klankbord/inbox/drafts.py": "the actions on drafts: a page of its own",
            "klankbord/inbox/presence.py": "the actions on presence: a page of its own",
            "klankbord/inbox/undoing.py": "the actions of taking back: a page of its own",
            "klankbord/channels/mandating.py": "the actions on mandates: a page of its own",
            "klankbord/posts/forgetting.py": "the actions of forgetting: a page of its own",
            "klankbord/intake/sweeping.py": "jobs of a dead worker, which are nobody's data",
            "klankbord/project/demo.py": "puts up the exercise town before anybody is there to act",
            "klankbord/base/jobs.py": "the heartbeat of a part, no act of a person",
            "klankbord/project/supervisor.py": "wipes the heartbeats of an earlier run, before anything runs",
        },
    ),
    Rule(
        name="saving does what it says",
        why="A save() with side effects is a flow nobody can read.",
        offences=own_saves,
        bad="class Post(Model):\n    def save(self): ...",
        good="class Post(Model):\n    def is_gone(self): ...",
        exceptions={
            "klankbord/*/forms.py": "a form's save() calls an action",
            "klankbord/*/*/forms.py": "a form's save() calls an action",
            "klankbord/tenancy/sessions.py": "no row of ours: a session that was ended meanwhile is not kept",
        },
    ),
    Rule(
        name="only intake acts for all organisations",
        why="Collecting is the one moment that is nobody's in particular.",
        offences=named("for_all_organisations"),
        bad="from klankbord.tenancy.fence import for_all_organisations",
        good="from klankbord.tenancy.fence import acting_for",
        exceptions={"klankbord/intake/*.py": "it collects"},
    ),
    Rule(
        name="asynchronous code only where streams are",
        why="The ORM is synchronous; a coroutine that forgets that blocks everybody.",
        offences=asynchronous,
        bad="async def desk(request): ...",
        good="def desk(request): ...",
        exceptions={
            "klankbord/base/jobs.py": "Procrastinate's worker is made of coroutines; ours never touches the ORM",
            "klankbord/base/realtime.py": "the one listener and its streams",
            "klankbord/channels/*/stream.py": "a network that pushes",
            "klankbord/inbox/views/live.py": "hands an event stream to the browser",
            "klankbord/project/asgi.py": "counts what somebody sends before Django keeps it",
            "klankbord/project/security.py": "a middleware passes on the coroutine it is given",
        },
    ),
    Rule(
        name="only base.outside opens connections",
        why="Limits, retries, the guard against private addresses and the log are in one place.",
        offences=opened,
        bad="smtplib.SMTP('mail.example.nl')",
        good="outside.open_smtp(account)",
        exceptions={
            "klankbord/base/outside/*.py": "the place for it",
            "klankbord/project/supervisor.py": "asks its own web server on this machine whether it is well",
        },
    ),
    Rule(
        name="a connector knows no database",
        why="It talks to its network and hands over what came: so it can be tried alone, and loses nothing of ours.",
        where="klankbord/channels/*/**",
        offences=database_imports,
        bad="from klankbord.channels.models import Channel",
        good="from klankbord.channels.contract import Connector",
        exceptions={
            "klankbord/channels/migrations/*.py": "no connector",
            "klankbord/channels/views/*.py": "no connector: the pages of this room",
        },
    ),
]


def files(*patterns: str) -> list[str]:
    """What is ours, by path from the root, without what tools leave behind."""
    found = [
        path for folder in ("klankbord", "tests", ".ci", "docs", "benchmarks") for path in (ROOT / folder).rglob("*")
    ]
    found += [path for path in ROOT.iterdir() if path.name != ".git"]
    names = [path.relative_to(ROOT).as_posix() for path in found if path.is_file() and "__pycache__" not in path.parts]
    return sorted(name for name in names if any(fnmatch(name, pattern) for pattern in patterns))


def applies(rule: Rule, name: str) -> bool:
    """Tests may do what the house may not."""
    if not fnmatch(name, rule.where) or "/tests/" in name:
        return False
    return not any(fnmatch(name, pattern) for pattern in rule.exceptions)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_tells_good_from_bad(rule: Rule) -> None:
    assert list(rule.offences(ast.parse(rule.bad)))
    assert not list(rule.offences(ast.parse(rule.good)))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_house_keeps_the_rule(rule: Rule) -> None:
    looked_at = [name for name in files("klankbord/*.py") if applies(rule, name)]
    assert looked_at
    found = [
        f"{name}:{getattr(offence, 'lineno', 0)}"
        for name in looked_at
        for offence in rule.offences(ast.parse((ROOT / name).read_text(encoding="utf-8")))
    ]
    assert not found, f"{rule.name}. {rule.why} Found: {', '.join(found)}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_exception_is_still_needed(rule: Rule) -> None:
    for pattern in rule.exceptions:
        if "*" in pattern:  # room for what may come
            continue
        assert list(rule.offences(ast.parse((ROOT / pattern).read_text(encoding="utf-8")))), pattern


LONGEST = 400
LONG_BY_NATURE = ("*.lock", "LICENSE", "klankbord/project/static/vendor/*", "*.po", "*.json", "*.csv", "*.xml")


def test_no_file_is_longer_than_400_lines() -> None:
    texts = files("*.py", "*.html", "*.js", "*.css", "*.sql", "*.md", "*.toml")
    long = {
        name: count
        for name in texts
        if not any(fnmatch(name, pattern) for pattern in LONG_BY_NATURE)
        if (count := len((ROOT / name).read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert not long, f"cut these into files that each have one subject: {long}"


VAGUE = {"utils", "util", "helpers", "helper", "common", "services", "service", "managers", "misc"}


def test_names_say_what_is_inside() -> None:
    vague = [name for name in files("klankbord/*", "tests/*") if VAGUE & {Path(part).stem for part in Path(name).parts}]
    assert not vague, f"name these after what they hold: {vague}"


FLUSHING = {"transactional_db", "django_db_reset_sequences", "django_db_serialized_rollback", "live_server"}
FLUSHING_CLASSES = {"TransactionTestCase", "LiveServerTestCase", "StaticLiveServerTestCase"}


def flushes(tree: ast.AST) -> Iterator[ast.AST]:
    """Whatever makes Django empty every table after a test, also those that a migration filled."""
    for call, name in calls(tree):
        if name.endswith("django_db") and any(
            not (isinstance(given.value, ast.Constant) and given.value.value in (False, None))
            for given in call.keywords
            if given.arg in ("transaction", "reset_sequences", "serialized_rollback")
        ):
            yield call
        texts = {one.value for one in call.args if isinstance(one, ast.Constant)}
        if name.endswith(("usefixtures", "getfixturevalue")) and texts & FLUSHING:
            yield call
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.arg in FLUSHING:
            yield node
    yield from named(*FLUSHING_CLASSES)(tree)


@pytest.mark.parametrize(
    ("text", "flushing"),
    [
        ("pytestmark = pytest.mark.django_db(transaction=True)", True),
        ("@pytest.mark.django_db(reset_sequences=True)\ndef test_it(): ...", True),
        ("def test_it(transactional_db): ...", True),
        ("@pytest.mark.usefixtures('live_server')\ndef test_it(): ...", True),
        ("from django.test import TransactionTestCase", True),
        ("def test_it(clean_database): ...", False),
        ("pytestmark = pytest.mark.django_db", False),
        ("pytestmark = pytest.mark.django_db(transaction=False)", False),
    ],
)
def test_a_flush_is_recognised(text: str, flushing: bool) -> None:
    assert bool(list(flushes(ast.parse(text)))) is flushing


def test_no_test_empties_the_tables_that_migrations_fill() -> None:
    found = [
        f"{name}:{getattr(offence, 'lineno', 0)}"
        for name in files("tests/*.py", "klankbord/*.py", "benchmarks/*.py", "conftest.py")
        for offence in flushes(ast.parse((ROOT / name).read_text(encoding="utf-8")))
    ]
    assert not found, f"a later test would miss what is there from the start; ask for clean_database or cast: {found}"


INLINE = re.compile(r"<script(?![^>]*\ssrc=)|<style\b|\sstyle=|\son[a-z]+=[\"']|javascript:", re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "inline"),
    [
        ("<script>go()</script>", True),
        ("<p style='color: red'>", True),
        ('<button onclick="go()">', True),
        ('<script src="/static/page.js"></script>', False),
        ('<p class="on" data-on="yes">', False),
    ],
)
def test_inline_code_is_recognised(text: str, inline: bool) -> None:
    assert bool(INLINE.search(text)) is inline


def test_templates_hold_no_inline_script_or_style() -> None:
    pages = files("klankbord/*.html")
    assert pages
    found = [name for name in pages if INLINE.search((ROOT / name).read_text(encoding="utf-8"))]
    assert not found, f"the content security policy blocks this; use a file under static: {found}"


# Written in pieces, so that this file does not hold what it looks for.
ELSEWHERE = re.compile(
    "|".join(
        [
            r"(?<![\w.])/(?:root|home/\w+|work|Users)/\w",
            r"pypi" + r"\.org",
            r"pythonhosted" + r"\.org",
            r"registry\.npm" + r"js",
            r"deb\.debian" + r"\.org",
            r"\.\./" + "shared",
        ]
    )
)


def test_no_file_names_a_folder_of_one_machine_or_a_registry() -> None:
    assert ELSEWHERE.search("open('/ro" + "ot/secret')")
    found = []
    for name in files("*"):
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if ELSEWHERE.search(text):
            found.append(name)
    assert not found, f"another machine has other folders and another mirror: {found}"
