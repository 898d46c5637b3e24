"""Project checks: linters and types, then the tests. ``make test`` and ``make lint`` call it.

All checks run even when an early one fails. The last line sums up: "N passed, M failed, K skipped" over the tests, and
over the checks too where one failed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parent.parent

CHECKS: dict[str, list[str]] = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "lint-imports": ["lint-imports"],
}

TWO_FILES = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
"""Two files at a time, in the order of tests/conftest.py: the longest first."""
SHM, SERVER_BYTES = Path("/dev/shm"), 48_000_000
"""Where JACK servers have their memory on Linux, and what one of the tests' takes of it."""


def plan_rounds(room_bytes: int) -> list[tuple[str, ...]]:
    """What pytest is called with: first what has no jackd, then what has one, two at a time too where shared memory
    has room for the servers of both (``room_bytes``); a test that finds none would be skipped."""
    live = ("-m", "live")
    # a process that dies is not replaced: xdist would give it the same test again
    two_live = (*live, *TWO_FILES, "--max-worker-restart", "0")
    return [("-m", "not live", *TWO_FILES), two_live if room_bytes >= 4 * SERVER_BYTES else live]


NOTHING_CHOSEN = 5
"""pytest's exit status where no test was chosen."""

ENV = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""What tests run in: each round, and each process that a test starts, would else compile all modules again."""


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def failed_checks() -> list[str]:
    """Run CHECKS; a check is silent unless it fails."""
    failed = []
    for name, command in CHECKS.items():
        start = time.monotonic()
        done = subprocess.run(
            [str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
        )
        say(f"{name}: {'ok' if done.returncode == 0 else 'FAILED'} ({time.monotonic() - start:.0f} s)")
        if done.returncode != 0:
            failed.append(name)
            say((done.stdout + done.stderr).rstrip())
    return failed


@contextmanager
def compile_meanwhile() -> Iterator[None]:
    """A process of its own imports all tests, so that machine code and bytecode are there when two processes
    at a time want them: about a minute of one core where nothing is compiled yet. The checks use the other one."""
    command = [str(BIN / "python"), "-m", "pytest", "--collect-only", "-p", "no:cacheprovider"]
    with subprocess.Popen(
        command, cwd=ROOT, env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
        except BaseException:
            process.terminate()
            raise


def run_tests(arguments: list[str]) -> tuple[int, dict[str, int]]:
    """pytest as it is, on the terminal, in the rounds of `plan_rounds`, or in one where ``arguments`` choose by mark;
    its exit status where all went well or of the first round that did not, and how many tests passed, failed and were
    skipped."""
    total = dict.fromkeys(("passed", "failed"), 0)
    skipped: set[tuple[str, str]] = set()  # a whole file that is skipped is so in each round
    statuses = []
    room_bytes = shutil.disk_usage(SHM).free if SHM.is_dir() else 0
    for chosen in [()] if "-m" in arguments else plan_rounds(room_bytes):
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder, "report.xml")
            command = ["-m", "pytest", *chosen, f"--junitxml={report}", "-o", "junit_logging=no", *arguments]
            statuses.append(subprocess.run([str(BIN / "python"), *command], cwd=ROOT, env=ENV, check=False).returncode)
            suites = list(ET.parse(report).getroot().iter("testsuite")) if report.exists() else []
        count = {key: sum(int(s.get(key, 0)) for s in suites) for key in ("tests", "failures", "errors", "skipped")}
        bad = count["failures"] + count["errors"] if suites else 1
        total["failed"] += bad
        total["passed"] += max(count["tests"] - bad - count["skipped"], 0)
        cases = [case for suite in suites for case in suite.iter("testcase") if case.find("skipped") is not None]
        skipped |= {(case.get("classname", ""), case.get("name", "")) for case in cases}
    # one that a signal ended has a status below 0, so the largest would not do
    wrong = [status for status in statuses if status not in (0, NOTHING_CHOSEN)]
    return wrong[0] if wrong else min(statuses), {**total, "skipped": len(skipped)}


def main(arguments: list[str]) -> int:
    """``--no-tests``: the checks alone; other arguments go to pytest."""
    # a choice of tests needs few of the modules
    with nullcontext() if arguments else compile_meanwhile():
        failed = failed_checks()
    if arguments == ["--no-tests"]:
        return 1 if failed else 0
    status, total = run_tests(arguments)
    if failed:
        say(f"failed besides the tests: {', '.join(failed)}")
        total["passed"] += len(CHECKS) - len(failed)
        total["failed"] += len(failed)
    say(", ".join(f"{count} {what}" for what, count in total.items()))
    return 1 if failed else status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
