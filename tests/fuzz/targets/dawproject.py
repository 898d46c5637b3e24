"""Fuzz target: DAWprojects, as an archive or as its ``project.xml`` among the files of a good one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

from export.dawproject.dawproject_check import check_dawproject
from export.dawproject.dawproject_file import write_dawproject
from tests.export.sample_session import make_session
from tests.fuzz.target import Target


def write_good(folder: Path) -> Path:
    """A project without a problem."""
    path = folder / "good.dawproject"
    write_dawproject(make_session(audio=(), midi=make_session().midi), path, lambda frames: None)
    return path


def read(data: bytes, folder: Path) -> None:
    """A list of sentences, whatever is in the file."""
    path = folder / "x.dawproject"
    if data.startswith(b"PK"):
        path.write_bytes(data)
    else:
        with ZipFile(write_good(folder)) as good, ZipFile(path, "w") as archive:
            archive.writestr("metadata.xml", good.read("metadata.xml"))
            archive.writestr("project.xml", data)
    problems = check_dawproject(path)
    assert all(problem and "\n" not in problem for problem in problems)


def make_seeds() -> Iterator[bytes]:
    """The archive, and its project."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_good(Path(folder))
        yield path.read_bytes()
        with ZipFile(path) as archive:
            yield archive.read("project.xml")


TARGET = Target(
    "dawproject",
    read,
    make_seeds,
    tokens=(b"PK\1\2", b"PK\3\4", b"PK\5\6", b"id1", b"NaN", b"<Lanes>", b"<Clip ", b"/>", b"../", b"\0", b"&#0;"),
    modules=("export.dawproject.dawproject_check", "export.dawproject.project_rules", "export.dawproject.schema_check"),
    mutations=150,
)
