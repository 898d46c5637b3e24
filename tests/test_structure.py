"""Structure of the code: one name for one thing, and the field's words for it (docs/glossary.md)."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PRODUCT = ("bridge", "demo", "engines")
STEMS = 2
"""Modules that may share a name, such as an engine's `bars` and a file format's."""
_WORDS = "|".join(("tol" + "d", "hear" + "d", "men" + "ds?", "men" + "ded", "men" + "ding", "the roa" + "d"))
"""Words that once stood for a hundred things; put together here, so that this file does not match."""
PRIVATE = re.compile(rf"\b({_WORDS})\b", re.IGNORECASE)
KEPT = re.compile(rf"""["`]({_WORDS})["`]|\.part\.({_WORDS})|track, ({_WORDS}), played""")
"""Values and keys that others read: of OSC messages, of JSON, of files on disk."""
TEXTS = (".py", ".md", ".toml", ".sh", ".txt")


def modules() -> list[Path]:
    """The product's modules, relative to the root."""
    return sorted(path.relative_to(ROOT) for top in PRODUCT for path in (ROOT / top).rglob("*.py"))


def test_no_class_name_is_there_twice() -> None:
    classes = defaultdict(list)
    for path in modules():
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                classes[node.name].append(str(path))
    assert {name: where for name, where in classes.items() if len(where) > 1} == {}


def test_no_module_name_is_there_more_than_twice() -> None:
    stems = defaultdict(list)
    for path in modules():
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
        if PRIVATE.search(KEPT.sub("", line))
    ]
    assert found == []
