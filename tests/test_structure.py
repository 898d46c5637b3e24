"""Structure of the code: one name for one thing, and the field's words for it (docs/glossary.md)."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROGRAMS = (("batch", "bridge", "chains", "demo", "engines", "export"), ("tui",))
"""The terminal app knows the wire alone, so it may name the same things by the same words."""
STEMS = 2
"""Modules that may share a name, such as an engine's `bars` and a file format's."""
_WORDS = "|".join(("tol" + "d", "hear" + "d", "men" + "ds?", "men" + "ded", "men" + "ding", "the roa" + "d"))
"""Words that once stood for a hundred things; put together here, so that this file does not match."""
PRIVATE = re.compile(rf"\b({_WORDS})\b", re.IGNORECASE)
TEXTS = (".py", ".md", ".toml", ".sh", ".txt")


def modules(program: tuple[str, ...]) -> list[Path]:
    """The modules of a program's packages, relative to the root."""
    return sorted(path.relative_to(ROOT) for top in program for path in (ROOT / top).rglob("*.py"))


@pytest.mark.parametrize("program", PROGRAMS, ids=" ".join)
def test_no_class_name_is_there_twice(program: tuple[str, ...]) -> None:
    classes = defaultdict(list)
    for path in modules(program):
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                classes[node.name].append(str(path))
    assert {name: where for name, where in classes.items() if len(where) > 1} == {}


@pytest.mark.parametrize("program", PROGRAMS, ids=" ".join)
def test_no_module_name_is_there_more_than_twice(program: tuple[str, ...]) -> None:
    stems = defaultdict(list)
    for path in modules(program):
        if not path.name.startswith("__"):
            stems[path.stem].append(str(path))
    assert {stem: where for stem, where in stems.items() if len(where) > STEMS} == {}


def tracked_texts() -> list[Path]:
    """Every text file of the repository, from git, or the test is skipped where that is no checkout."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.splitlines() if name.endswith(TEXTS)]


def test_private_words_stay_out() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in tracked_texts()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if PRIVATE.search(line)
    ]
    assert found == []


IRREGULAR = frozenset(
    {"done", "drawn", "found", "given", "held", "kept", "known", "left", "lost", "made", "said", "sent", "shown"}
    | {"struck", "taken", "worn"}
)
"""Participles that do not end in "ed"."""
VERBS = frozenset({"embed", "feed", "need", "seed", "shed"})
"""Verbs that end in "ed"."""


def is_participle(name: str) -> bool:
    """Whether a whole function name is one participle, which says neither what is done nor what comes out."""
    word = name.strip("_")
    return word in IRREGULAR or (word.endswith("ed") and "_" not in word and word not in VERBS)


def test_no_function_is_named_by_a_participle_alone() -> None:
    found = []
    for top in (*sum(PROGRAMS, ()), "bench", "examples", "research", "tools"):
        for path in sorted((ROOT / top).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                attribute = isinstance(node, ast.FunctionDef) and any(
                    "property" in ast.unparse(d) for d in node.decorator_list
                )
                if isinstance(node, ast.FunctionDef) and not attribute and is_participle(node.name):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {node.name}")
    assert found == []


def test_the_docstring_of_a_module_opens_with_what_it_is() -> None:
    found = []
    for top in (*sum(PROGRAMS, ()), "bench", "examples", "research", "tests", "tools"):
        for path in sorted((ROOT / top).rglob("*.py")):
            text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            if re.match(r"(How|That|What|When|Where|Whether|Which|Who)\b", text):
                found.append(f"{path.relative_to(ROOT)}: {text.splitlines()[0]}")
    assert found == []
