"""Fuzz target: a reader under test, its seeds, and what it may raise."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bridge.errors import BridgeError
from tests.fuzz import targets

SEEDS = Path(__file__).parent / "seeds"


@dataclass(frozen=True, slots=True)
class Target:
    """One reader under test.

    ``read`` is given an input and a folder of its own, empty, to write it to where the reader wants a path. It calls
    the reader, and checks the result where it can be verified (AssertionError).
    ``seeds`` makes valid inputs of at most ``max_bytes``. ``tokens`` are byte strings that the format gives a meaning.
    ``modules`` are instrumented for coverage; none may hold functions that numba compiles. ``mutations`` is how many
    inputs ``make test`` tries: as many as take about five seconds.
    """

    name: str
    read: Callable[[bytes, Path], None]
    seeds: Callable[[], Iterable[bytes]]
    tokens: tuple[bytes, ...] = ()
    modules: tuple[str, ...] = ()
    refusals: tuple[type[Exception], ...] = (BridgeError,)
    max_bytes: int = 65536
    mutations: int = 300

    def run(self, data: bytes, folder: Path) -> bool:
        """Read ``data``; False where the reader refused it with a clear error.

        Raises: anything that is not in ``refusals``: a finding.
        """
        try:
            self.read(data, folder)
        except self.refusals:
            return False
        return True

    def read_kept(self) -> dict[str, bytes]:
        """Read the inputs in the repository that once broke this reader, by name."""
        folder = SEEDS / self.name
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())} if folder.is_dir() else {}


def load_targets() -> dict[str, Target]:
    """Every target by its name."""
    names = [module.name for module in pkgutil.iter_modules(targets.__path__)]
    found = [importlib.import_module(f"{targets.__name__}.{name}").TARGET for name in sorted(names)]
    return {target.name: target for target in found}
