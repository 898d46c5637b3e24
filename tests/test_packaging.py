"""Packaging: pinned versions, entry points that load, a wheel with all that runs need and nothing else."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import EntryPoint, entry_points, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bridge import __version__

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
PACKAGES = {"batch", "bridge", "chains", "demo", "engines", "export", "mappings", "presets", "tui"}
BUILD_TOOLS = ["hatchling", "editables"]
"""Installed by tools/setup.sh before the project, so that its build is pinned too."""

PIN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[A-Za-z0-9.!+]+)")


def constraint_lines() -> list[str]:
    return [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]


def pins() -> dict[str, str]:
    matches = [match for line in constraint_lines() if (match := PIN.fullmatch(line))]
    return {canonicalize_name(match["name"]): match["version"] for match in matches}


def installed_entry(group: str, name: str) -> EntryPoint:
    (entry,) = [entry for entry in entry_points(group=group) if entry.name == name]
    return entry


def test_constraints_hold_names_and_versions_and_nothing_else() -> None:
    for line in constraint_lines():
        assert PIN.fullmatch(line), line


def test_constraints_pin_each_package_once() -> None:
    assert len(pins()) == len(constraint_lines())


@pytest.mark.parametrize(
    "requirement",
    [
        *PROJECT["dependencies"],
        *PROJECT["optional-dependencies"]["dev"],
        *PROJECT["optional-dependencies"]["bench"],
        *PYPROJECT["build-system"]["requires"],
        *BUILD_TOOLS,
    ],
)
def test_what_pyproject_asks_for_is_pinned_to_a_version_that_it_allows(requirement: str) -> None:
    wanted = Requirement(requirement)
    assert wanted.specifier.contains(pins()[canonicalize_name(wanted.name)])


def test_training_packages_stay_out_of_the_constraints_of_make_setup() -> None:
    assert "torch" not in pins()


def test_the_changelog_has_a_section_for_the_version_and_one_for_what_comes() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[:2] == ["Unreleased", __version__]


@pytest.mark.parametrize("name", PROJECT["entry-points"]["sideman.engines"])
def test_each_engine_entry_point_loads(name: str) -> None:
    assert callable(installed_entry("sideman.engines", name).load())


def test_the_command_sideman_loads() -> None:
    assert callable(installed_entry("console_scripts", "sideman").load())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the unpacked files of a wheel that was built here."""
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling, the build backend, is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (archive,) = folder.glob("*.whl")
    unpacked = folder / "unpacked"
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(unpacked)
    return unpacked


@pytest.fixture(scope="module")
def trees(wheel: Path) -> dict[str, ast.Module]:
    """The syntax tree of each module of the wheel, by path."""
    found = sorted(wheel.rglob("*.py"))
    return {path.relative_to(wheel).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in found}


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_wheel_holds_the_packages_and_neither_tests_benchmarks_nor_research(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in files_in(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    listed = subprocess.run(["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    present = {name for name in listed.stdout.splitlines() if (ROOT / name).is_file()}
    assert present - files_in(wheel) == set()


def test_the_wheel_carries_the_licence(wheel: Path) -> None:
    assert any(name.endswith("licenses/LICENSE") for name in files_in(wheel))


IMPORT_ALL = """
import importlib, sys
from importlib.metadata import Distribution
from pathlib import Path

wheel, missing = Path(sys.argv[1]), set(sys.argv[2:])

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"no module {name}", name=name)

class Uncompiled:
    address = 1

sys.meta_path.insert(0, Missing())
sys.path.insert(0, str(wheel))
import numba
numba.cfunc = lambda *signature, **options: lambda function: Uncompiled()
for file in sorted(wheel.rglob("*.py")):
    parts = file.relative_to(wheel).with_suffix("").parts
    module = importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    assert Path(module.__file__).is_relative_to(wheel), module
(info,) = wheel.glob("*.dist-info")
for entry in Distribution.at(info).entry_points:
    entry.load()
print("loaded")
"""
"""Imports each module of the wheel in argument 1, and loads its entry points; the other arguments are packages that
are not there. The callbacks are not compiled: nothing calls them, and they would take nine tenths of the time."""


def test_every_module_and_entry_point_of_the_wheel_loads_without_what_is_not_in_it(wheel: Path) -> None:
    """Nor does an import need an extra: users have neither PyTorch nor matplotlib."""
    extras = ["torch", "pyworld", "onnx", "matplotlib", "mir_eval", "museval", "scipy", "hypothesis", "pytest"]
    command = [sys.executable, "-c", IMPORT_ALL, str(wheel), "research", "tests", "bench", "tools", "examples", *extras]
    # nothing runs, so machine code need be neither fast nor kept
    env = os.environ | {"NUMBA_OPT": "0", "NUMBA_CACHE_DIR": str(wheel.parent / "code")}
    done = subprocess.run(command, cwd=wheel.parent, env=env, capture_output=True, text=True, check=False)
    assert done.stdout == "loaded\n", done.stderr


LINEAR_ALGEBRA = ("dot", "vdot", "linalg", "roots")
"""Attributes that numba compiles with SciPy, and not without."""


def is_compiled(function: ast.AST) -> bool:
    if not isinstance(function, ast.FunctionDef):
        return False
    return any("njit" in text or "cfunc" in text for text in map(ast.unparse, function.decorator_list))


def test_no_compiled_code_needs_scipy(trees: dict[str, ast.Module]) -> None:
    compiled = [
        (path, function) for path, tree in trees.items() for function in ast.walk(tree) if is_compiled(function)
    ]
    assert len(compiled) > 100
    needs = [
        (path, node.lineno)
        for path, function in compiled
        for node in ast.walk(function)
        if (isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult))
        or (isinstance(node, ast.Attribute) and node.attr in LINEAR_ALGEBRA)
    ]
    assert needs == []


def imported_names(tree: ast.AST) -> set[str]:
    """Top-level packages that ``tree`` imports anywhere, in functions too."""
    nodes = list(ast.walk(tree))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return {name.partition(".")[0] for name in names}


RUN_EXTRAS = ("bench", "chains", "cluster", "discovery", "link")
"""Extras that the packages of the wheel import where they are installed."""


def test_the_wheel_imports_only_itself_and_what_it_asks_for(trees: dict[str, ast.Module]) -> None:
    extras = PROJECT["optional-dependencies"]
    asked = [*PROJECT["dependencies"], *(line for name in RUN_EXTRAS for line in extras[name])]
    distributions = {canonicalize_name(Requirement(line).name) for line in asked}
    provided = {
        name
        for name, owners in packages_distributions().items()
        if any(canonicalize_name(owner) in distributions for owner in owners)
    }
    known = set(sys.stdlib_module_names) | PACKAGES | provided | {"llvmlite"}  # numba brings the one that it works with
    unknown = {path: names for path, tree in trees.items() if (names := imported_names(tree) - known)}
    assert unknown == {}
