"""Packaging: pinned versions, entry points that load, a wheel with the five packages and their data."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bridge import __version__

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
PACKAGES = {"bridge", "engines", "mappings", "presets", "tui"}
BUILD_TOOLS = ["hatchling", "editables"]
"""Installed by tools/setup.sh before the project, so that its build is pinned too."""

PIN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[A-Za-z0-9.!+]+)")


DOCS = "docs/constraints.txt"
"""The pins of what `make docs` needs besides constraints.txt."""


def constraint_lines(file: str = "constraints.txt") -> list[str]:
    return [line for line in (ROOT / file).read_text().splitlines() if not line.startswith("#")]


def pins(file: str = "constraints.txt") -> dict[str, str]:
    matches = [match for line in constraint_lines(file) if (match := PIN.fullmatch(line))]
    return {canonicalize_name(match["name"]): match["version"] for match in matches}


def installed_entry(group: str, name: str) -> EntryPoint:
    (entry,) = [entry for entry in entry_points(group=group) if entry.name == name]
    return entry


def test_constraints_hold_names_and_versions_and_nothing_else() -> None:
    for line in (*constraint_lines(), *constraint_lines(DOCS)):
        assert PIN.fullmatch(line), line


def test_constraints_pin_each_package_once() -> None:
    assert len(pins() | pins(DOCS)) == len(constraint_lines()) + len(constraint_lines(DOCS))


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


@pytest.mark.parametrize("requirement", PROJECT["optional-dependencies"]["docs"])
def test_what_the_docs_are_built_with_is_pinned_to_a_version_that_pyproject_allows(requirement: str) -> None:
    wanted = Requirement(requirement)
    assert wanted.specifier.contains(pins(DOCS)[canonicalize_name(wanted.name)])


def test_training_packages_and_those_of_the_docs_stay_out_of_the_constraints_of_make_setup() -> None:
    assert not {"torch", "sphinx"} & set(pins())


def test_the_changelog_has_a_section_for_the_version_and_one_for_what_comes() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[:2] == ["Unreleased", __version__]


@pytest.mark.parametrize("name", PROJECT["entry-points"]["sideman.engines"])
def test_each_engine_entry_point_loads(name: str) -> None:
    assert callable(installed_entry("sideman.engines", name).load())


def test_the_command_sideman_loads() -> None:
    assert callable(installed_entry("console_scripts", "sideman").load())


@pytest.fixture(scope="module")
def wheel_files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of the files in a wheel built here."""
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling, the build backend, is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_the_wheel_holds_the_five_packages_and_no_tests(wheel_files: list[str]) -> None:
    tops = {name.split("/")[0] for name in wheel_files}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES


def test_the_wheel_holds_every_source_and_data_file_of_the_packages(wheel_files: list[str]) -> None:
    shipped = {".py", ".toml", ".tcss", ".txt", ".onnx"}
    there = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.suffix in shipped and path.is_file()
    }
    assert there <= set(wheel_files)


def test_the_wheel_carries_the_licence(wheel_files: list[str]) -> None:
    assert any(name.endswith("licenses/LICENSE") for name in wheel_files)
