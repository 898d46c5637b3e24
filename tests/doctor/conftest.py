"""Fixtures of the doctor's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.doctor import jack_checks


@pytest.fixture
def no_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without jackd and without libjack, for this process and its children."""
    (tmp_path / "jack.py").write_text('raise OSError("JACK library not found")\n')
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(jack_checks.check_libjack, "__defaults__", (lambda: None,))
