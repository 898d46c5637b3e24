"""Model store: one folder for each of the user's models, with its manifest and its files.

A folder appears by one rename when all of it is checked and on disk, and disappears by one. Names with a leading dot
are drafts, folders being removed, and downloads; they are never listed.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bridge.config import user_dir, write_atomic
from bridge.errors import BridgeError, ModelError
from bridge.names import find_clash
from bridge.processes import may_be_writing
from engines.separation.models.bounds import LARGEST_FILE
from engines.separation.models.download import SPARE_BYTES, hash_file
from engines.separation.models.manifest import MANIFEST_FILE, Manifest, ModelFile, read_manifest, to_toml

_ADDING, _REMOVING = ".adding-", ".removing-"


@dataclass(frozen=True)
class Model:
    """A stored model: its manifest and its folder."""

    manifest: Manifest
    folder: Path

    def get_path(self, part: ModelFile) -> Path:
        return self.folder / part.file

    def check_hashes(self) -> None:
        """Raises: ModelError where a file is missing or was changed since it was added."""
        for part in self.manifest.parts:
            path = self.get_path(part)
            try:
                found = hash_file(path)
            except OSError as error:
                message = f"{path}: cannot be read ({error.strerror})"
                raise ModelError(message, f"remove {self.manifest.name} and add it again") from error
            if found != part.sha256:
                message = f"{path}: the SHA-256 is {found}, not {part.sha256} as when it was added"
                raise ModelError(message, f"remove {self.manifest.name} and add it again")


@dataclass(frozen=True)
class ModelEntry:
    """An entry of the store: a model, or a folder with a problem."""

    name: str
    model: Model | None
    problem: str = ""


@dataclass(frozen=True)
class ModelDraft:
    """An unfinished model in ``folder``, to be moved to ``goal``."""

    folder: Path
    goal: Path

    def publish(self, manifest: Manifest) -> Model:
        """Write ``manifest``, check every hash, and move the folder to its name, atomically."""
        write_atomic(self.folder / MANIFEST_FILE, to_toml(manifest))
        Model(read_manifest(self.folder / MANIFEST_FILE), self.folder).check_hashes()
        ModelStore(self.goal.parent).check_free(self.goal.name)
        try:
            for part in manifest.parts:
                _sync(self.folder / part.file)
            self.folder.rename(self.goal)
        except OSError as error:
            raise _make_write_error(self.goal, error) from error
        return Model(manifest, self.goal)


@dataclass(frozen=True)
class ModelStore:
    """The models in ``folder``, which need not exist."""

    folder: Path

    @property
    def downloads(self) -> Path:
        """Folder for downloads; partial files stay here between runs, to be resumed."""
        return self.folder / ".downloads"

    def list_names(self) -> list[str]:
        if not self.folder.is_dir():
            return []
        return sorted(path.name for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith("."))

    def get(self, name: str) -> Model:
        """The model ``name``. Raises: ModelError, with the names of all models, where there is none."""
        if name not in self.list_names():
            there = ", ".join(self.list_names()) or "none yet"
            raise ModelError(f"no model {name!r}", f"models here: {there}; `sideman models add` adds one")
        manifest = read_manifest(self.folder / name / MANIFEST_FILE)
        if manifest.name != name:
            message = f"{self.folder / name / MANIFEST_FILE}: name: {manifest.name!r} in a folder called {name!r}"
            raise ModelError(message, "name both alike")
        return Model(manifest, self.folder / name)

    def check_free(self, name: str) -> None:
        """Raises: ModelError where there is a model ``name`` already, or one that some systems take for it."""
        goal = self.folder / name
        if other := name if goal.exists() else find_clash(name, self.list_names()):
            message = f"{goal}: there is a model {other!r} already"
            raise ModelError(message, "remove it first, or choose another name")

    def list_entries(self) -> list[ModelEntry]:
        """Every model, sorted by name; a broken one has its problem."""
        return [self._make_entry(name) for name in self.list_names()]

    @contextmanager
    def open_draft(self, name: str) -> Iterator[ModelDraft]:
        """A hidden folder for a model ``name``, removed at the end unless it was published."""
        draft = ModelDraft(self.folder / f"{_ADDING}{name}.{os.getpid()}.{secrets.token_hex(4)}", self.folder / name)
        self.check_free(name)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            draft.folder.mkdir()
        except OSError as error:
            raise _make_write_error(draft.folder, error) from error
        try:
            yield draft
        finally:
            shutil.rmtree(draft.folder, ignore_errors=True)

    def remove(self, name: str) -> None:
        """Remove a model, also one whose manifest cannot be read."""
        if name not in self.list_names():
            self.get(name)
        going = self.folder / f"{_REMOVING}{name}.{os.getpid()}.{secrets.token_hex(4)}"
        try:
            (self.folder / name).rename(going)
        except OSError as error:
            raise _make_write_error(self.folder / name, error) from error
        shutil.rmtree(going, ignore_errors=True)

    def _make_entry(self, name: str) -> ModelEntry:
        try:
            return ModelEntry(name, self.get(name))
        except BridgeError as error:
            return ModelEntry(name, None, str(error))

    def _sweep(self) -> None:
        """Remove the drafts of killed runs."""
        for left in (*self.folder.glob(f"{_ADDING}*"), *self.folder.glob(f"{_REMOVING}*")):
            pid = left.name.split(".")[-2]
            with suppress(FileNotFoundError):  # another run removed it
                if not (pid.isdecimal() and may_be_writing(int(pid), left.stat().st_mtime)):
                    shutil.rmtree(left, ignore_errors=True)


def open_user_store() -> ModelStore:
    """The store of the user's own models."""
    return ModelStore(user_dir("models"))


def copy_file(source: Path, target: Path) -> None:
    """Copy ``source`` to ``target``. Raises: ModelError with the reason where that fails."""
    try:
        if source.exists() and not source.is_file():
            raise ModelError(f"{source}: not a file", "give an ONNX file")
        if source.exists() and source.stat().st_size > LARGEST_FILE:
            raise ModelError(f"{source}: larger than 2 GiB, which no ONNX file in one piece can be", "is it a model?")
        free = shutil.disk_usage(target.parent).free
        if source.exists() and source.stat().st_size + SPARE_BYTES > free:
            raise ModelError(f"{target.parent}: {free / 1e9:.1f} GB are free, too few for {source}", "free some space")
        shutil.copyfile(source, target)
    except OSError as error:
        message = f"{source}: cannot be copied to {target} ({error.strerror})"
        raise ModelError(message, "check the name, permissions and free space") from error


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _make_write_error(path: Path, error: OSError) -> ModelError:
    return ModelError(f"{path}: cannot be written ({error.strerror})", "check permissions and free space")
