"""Batch request: what a batch does, what becomes of its files, who is informed, and what ends it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from batch.batch_kind import BatchKind
from batch.file_pool import FilePool
from bridge.errors import BridgeError


@dataclass(slots=True)
class BatchCounts:
    """What has become of the files of a run.

    Attributes:
        of: All files.
        done: Finished by this run.
        before: Finished before.
        copies: With the content of another file, whose results they share.
        failed: Failed in this run; ``failed_before``: in an earlier one, and not tried again.
    """

    of: int = 0
    done: int = 0
    before: int = 0
    copies: int = 0
    failed: int = 0
    failed_before: int = 0

    @property
    def seen(self) -> int:
        """How many files are over and done with, for better or worse."""
        return self.done + self.before + self.copies + self.failed + self.failed_before


class BatchStop(BridgeError):
    """What ends a batch, since every other file would fail the same way."""

    is_bad_input = False


class BatchRefusal(BatchStop):
    """What ends a batch because of its options."""

    is_bad_input = True


class BatchListener:
    """Receives what happens; this one keeps nothing."""

    def update(self, counts: BatchCounts, pool: FilePool) -> None:
        """Some time has passed."""

    def begin(self, name: str) -> None:
        """Work on a file begins."""

    def finish(self, name: str, state: str, detail: str) -> None:
        """Work on a file has ended. ``state``: done, failed, or waits where it is to be begun again."""


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What a batch does.

    Attributes:
        options: Of the command, with absolute paths.
        recipe: A hash of command and options.
        retry_failed: Whether files that failed in an earlier run are tried again.
        still_s: Seconds without progress and work, after which a file is given up.
        memory_bytes: Limit of each process; 0: none.
    """

    kind: BatchKind
    roots: tuple[Path, ...]
    out: Path
    options: tuple[str, ...]
    recipe: bytes
    retry_failed: bool = False
    still_s: float = 120.0
    memory_bytes: int = 0
