"""Every check of the project, then the tests. ``make test`` and ``make lint`` call it.

All checks run even when an early one fails. The last line is pytest's own summary when all other checks pass,
else "N passed, M failed" over tests and checks together.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parent.parent

CHECKS: dict[str, list[str]] = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "lint-imports": ["lint-imports"],
}

SIDE_BY_SIDE = ("-n", "2", "--dist", "loadgroup")
"""Two tests at a time, as tests/conftest.py groups them: one core runs them for a quarter of an hour."""


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


def run_tests(arguments: list[str]) -> tuple[int, int, int]:
    """pytest as it is, on the terminal; its exit status, and how many tests passed and failed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        status = subprocess.run(
            [
                str(BIN / "python"),
                "-m",
                "pytest",
                *SIDE_BY_SIDE,
                f"--junitxml={report}",
                "-o",
                "junit_logging=no",
                *arguments,
            ],
            cwd=ROOT,
            check=False,
        ).returncode
        if not report.exists():
            return status, 0, 1
        suites = list(ET.parse(report).getroot().iter("testsuite"))
    count = {key: sum(int(s.get(key, 0)) for s in suites) for key in ("tests", "failures", "errors", "skipped")}
    bad = count["failures"] + count["errors"]
    return status, count["tests"] - bad - count["skipped"], bad


def main(arguments: list[str]) -> int:
    """``--no-tests``: the checks alone; other arguments go to pytest."""
    failed = failed_checks()
    if arguments == ["--no-tests"]:
        return 1 if failed else 0
    status, passed, bad = run_tests(arguments)
    if failed:
        say(f"failed besides the tests: {', '.join(failed)}")
        say(f"{passed + len(CHECKS) - len(failed)} passed, {bad + len(failed)} failed")
    return 1 if failed else status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
