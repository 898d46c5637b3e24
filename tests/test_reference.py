"""The reference: public docstrings are complete, and the pages build without a warning."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs" / "reference").glob("*.md"))
MODULES = sorted({name for page in PAGES for name in re.findall(r"automodule:: (\S+)", page.read_text("utf-8"))})


def parse_module(name: str) -> ast.Module:
    return ast.parse(ROOT.joinpath(*name.split(".")).with_suffix(".py").read_text(encoding="utf-8"))


def public_items(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    """Public functions, classes and methods in ``body`` by dotted name."""
    for item in body:
        if isinstance(item, ast.FunctionDef | ast.ClassDef) and not item.name.startswith("_"):
            yield prefix + item.name, item
            if isinstance(item, ast.ClassDef):
                yield from public_items(item.body, f"{prefix}{item.name}.")


def protocol_methods() -> set[str]:
    """Methods that a protocol of the reference documents: a class that implements it need not say it again."""
    classes = [item for name in MODULES for _, item in public_items(parse_module(name).body)]
    protocols = [item for item in classes if "Protocol" in map(ast.unparse, getattr(item, "bases", []))]
    return {name for protocol in protocols for name, _ in public_items(getattr(protocol, "body", []))}


def find_gaps(tree: ast.Module, inherited: set[str]) -> list[str]:
    """Public items without a docstring, and functions that raise an error without a section ``Raises:``."""
    gaps = []
    for name, item in public_items(tree.body):
        text = ast.get_docstring(item) or ""
        if not text and not ("." in name and item.name in inherited):
            gaps.append(f"{name}: no docstring")
        raises = any(isinstance(node, ast.Raise) for node in ast.walk(item)) and isinstance(item, ast.FunctionDef)
        if text and raises and not re.search(r"^Raises:$", text, re.MULTILINE):
            gaps.append(f"{name}: no section Raises:")
    return gaps


def test_each_page_of_the_reference_names_a_module() -> None:
    assert [page.name for page in PAGES if "automodule::" not in page.read_text("utf-8")] == []


@pytest.mark.parametrize("module", MODULES)
def test_public_docstrings_are_there_and_name_the_errors(module: str) -> None:
    assert find_gaps(parse_module(module), protocol_methods()) == []


def test_a_gap_in_the_docstrings_is_found() -> None:
    tree = ast.parse("def f() -> None: ...\ndef g() -> None:\n    'Text. Raises: X.'\n    raise ValueError\n")
    assert find_gaps(tree, {"f"}) == ["f: no docstring", "g: no section Raises:"]


def test_the_pages_build_without_a_warning(tmp_path: Path) -> None:
    options = ["--quiet", "--fail-on-warning", "--keep-going", "--conf-dir", "docs"]
    command = [
        sys.executable,
        "-m",
        "sphinx",
        *options,
        "--doctree-dir",
        str(tmp_path / "doctrees"),
        ".",
        str(tmp_path),
    ]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert "class bridge.core.engine.EngineSpec" in re.sub(
        r"<[^>]+>", "", (tmp_path / "docs" / "reference" / "core.html").read_text("utf-8")
    )
