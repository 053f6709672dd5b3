"""The page about environment variables, made from the table in the code: ``python -m tests.environment``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from klankbord.project.environment import CHAPTERS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "environment.md"


def page() -> str:
    """The whole page as it must be."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Environment"
    yield ""
    yield "Every variable that Klankbord reads. Made from `klankbord/project/environment.py`; change it there."
    yield "`klankbord doctor` names variables that begin with `KLANKBORD_` and are not in this list."
    yield "A secret is better in a file or a vault than in a unit or a compose file that others can read."
    for chapter in CHAPTERS:
        yield ""
        yield f"## {chapter.title}"
        yield ""
        yield "| variable | when unset | meaning |"
        yield "|---|---|---|"
        for variable in chapter.variables:
            mark = " *Secret.*" if variable.secret else ""
            yield f"| `{variable.name}` | {variable.default} | {variable.meaning}{mark} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
