"""Long fuzz runs, guided by coverage: ``python -m tests.fuzz [TARGET] [FILE] [--seconds S]``; see `tests.fuzz`."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.target import Target, load_targets

BUILD = Path("build", "fuzz")
HANG_S = 60
"""An input that takes longer is a finding, even on a busy machine."""
LARGEST_MIB = 2048
GROWTH_MIB = 256
"""Allowed growth of resident memory from a tenth of a run to its end: the corpus grows, the reader must not."""
_LINE = re.compile(r"^#(\d+)\s.*\brss: (\d+)Mb", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of a run of one target; ``status``: of libFuzzer's process, 0 where nothing was found."""

    target: str
    inputs: int
    first_mib: int
    last_mib: int
    status: int
    findings: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Nothing raised, hung or grew."""
        return self.status == 0 and not self.findings and self.last_mib - self.first_mib <= GROWTH_MIB

    def __str__(self) -> str:
        found = f"FOUND {', '.join(self.findings) or f'exit status {self.status}'}" if not self.ok else "nothing found"
        return f"{self.target}: {self.inputs:,} inputs, resident {self.first_mib} to {self.last_mib} MiB, {found}"


def instrument(target: Target) -> None:
    """Let the functions of the target's modules report their coverage, those of their classes included."""
    import atheris

    for name in target.modules:
        __import__(name)
        for function in set(_find_functions(sys.modules[name])):
            atheris.instrument_func(function)


def _find_functions(module: types.ModuleType) -> Iterator[types.FunctionType]:
    for owner in (module, *(thing for thing in vars(module).values() if isinstance(thing, type))):
        if owner is not module and owner.__module__ != module.__name__:
            continue
        for thing in vars(owner).values():
            plain = thing.fget if isinstance(thing, property) else getattr(thing, "__func__", thing)
            if isinstance(plain, types.FunctionType) and plain.__module__ == module.__name__:
                yield plain


def make_reader(target: Target, folder: Path) -> Callable[[bytes], None]:
    """Make the function that libFuzzer calls; ``folder`` is emptied before each input."""

    def read(data: bytes) -> None:
        for left in folder.iterdir():
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left)
            else:
                left.unlink()
        target.run(data, folder)

    return read


def fuzz_here(target: Target, seconds: int) -> None:
    """Fuzz in this process, which libFuzzer ends."""
    import atheris

    corpus, findings = BUILD / target.name / "corpus", BUILD / target.name
    seeds = BUILD / target.name / "seeds"
    tokens = BUILD / target.name / "tokens.txt"
    for folder in (corpus, seeds):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (seeds / f"seed-{number}").write_bytes(seed)
    for name, data in target.read_kept().items():
        (seeds / name).write_bytes(data)
    lines = ['"' + "".join(f"\\x{byte:02x}" for byte in token) + '"\n' for token in target.tokens if token]
    tokens.write_text("".join(lines))
    instrument(target)
    # the folder is left to the parent, since libFuzzer's exit runs nothing of ours
    options = {
        "max_total_time": seconds, "max_len": target.max_bytes, "timeout": HANG_S, "rss_limit_mb": LARGEST_MIB,
        "artifact_prefix": f"{findings}/", "dict": tokens, "print_final_stats": 1, "seed": 1,
    }  # fmt: skip
    arguments = [f"-{name}={value}" for name, value in options.items()]
    read = make_reader(target, Path(os.environ["FUZZ_FOLDER"]))
    atheris.Setup([sys.argv[0], *arguments, str(corpus), str(seeds)], read)
    atheris.Fuzz()


def fuzz(target: Target, seconds: int) -> Verdict:
    """Fuzz in a child, whatever the child dies of; its output goes to a log beside its findings."""
    home = BUILD / target.name
    home.mkdir(parents=True, exist_ok=True)
    before = set(home.iterdir())
    log = home / "log.txt"
    with tempfile.TemporaryDirectory() as folder, log.open("wb") as out:
        command = [sys.executable, "-m", "tests.fuzz", target.name, "--seconds", str(seconds), "--here"]
        child = subprocess.run(command, stdout=out, stderr=out, env=os.environ | {"FUZZ_FOLDER": folder}, check=False)
    found = tuple(
        str(path)
        for path in sorted(set(home.iterdir()) - before)
        if path.name.startswith(("crash-", "timeout-", "oom-", "leak-"))
    )
    rows = [(int(number), int(mib)) for number, mib in _LINE.findall(log.read_text(errors="replace"))]
    rows = rows or [(0, 0)]
    early = next(mib for number, mib in rows if number >= rows[-1][0] / 10)
    return Verdict(target.name, rows[-1][0], early, rows[-1][1], child.returncode, found)


def main() -> int:
    """Exit status 1 where something was found."""
    targets = load_targets()
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzz the readers.")
    parser.add_argument("target", nargs="?", choices=sorted(targets), help="by default all, one after the other")
    parser.add_argument("file", nargs="?", type=Path, help="run this input alone")
    parser.add_argument("--seconds", type=int, default=600, help="for each target (%(default)s)")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.file is not None:
        with tempfile.TemporaryDirectory() as folder:
            taken = targets[chosen.target].run(chosen.file.read_bytes(), Path(folder))
        sys.stdout.write(f"{chosen.target}: {chosen.file} {'read' if taken else 'refused'}\n")
        return 0
    if chosen.here:
        fuzz_here(targets[chosen.target], chosen.seconds)
    status = 0
    for name in [chosen.target] if chosen.target else targets:
        verdict = fuzz(targets[name], chosen.seconds)
        sys.stdout.write(f"{verdict}\n")
        sys.stdout.flush()
        status |= not verdict.ok
    return status


if __name__ == "__main__":
    sys.exit(main())
