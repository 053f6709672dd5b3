"""The table of environment variables, its page and the code say the same."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from klankbord.project.environment import INTERNAL, VARIABLES, unknown
from tests.environment import PAGE, page

ROOT = Path(__file__).resolve().parents[1] / "klankbord"
OURS = re.compile(r"(KLANKBORD|DATABASE)_[A-Z_]+")
TABLE = ROOT / "project" / "environment.py"
# Read by the web server itself, not by our code.
OF_OTHERS = {"FORWARDED_ALLOW_IPS"}


def read_by_the_code() -> set[str]:
    """Every string in the code that is the name of a variable."""
    return {
        node.value
        for path in ROOT.rglob("*.py")
        if "tests" not in path.parts and path != TABLE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and OURS.fullmatch(node.value)
    }


def test_the_table_holds_what_the_code_reads_and_nothing_else() -> None:
    assert read_by_the_code() == {variable.name for variable in VARIABLES} - OF_OTHERS | INTERNAL


def test_the_page_is_made_from_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.environment"


def test_a_typing_error_is_noticed_with_what_was_meant() -> None:
    assert unknown(["KLANKBORD_ADRES", "KLANKBORD_ADDRESS", "KLANKBORD_SUPERVISED", "PATH"]) == [
        ("KLANKBORD_ADRES", "KLANKBORD_ADDRESS")
    ]
    assert unknown(["KLANKBORD_QQQQQQQQ"]) == [("KLANKBORD_QQQQQQQQ", "")]
