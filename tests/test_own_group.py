"""Guard of the test run: no test can send a signal to the process group of the tests."""

from __future__ import annotations

import os
import signal
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")


@pytest.mark.parametrize("send", ["kill", "killpg"])
@pytest.mark.parametrize("number", [0, -1])
def test_a_signal_to_all_is_refused(send: str, number: int) -> None:
    with pytest.raises(AssertionError, match="would end the tests"):
        getattr(os, send)(number, 0)


def test_a_signal_to_one_process_arrives() -> None:
    os.kill(os.getpid(), 0)
    with pytest.raises(ProcessLookupError):
        os.kill(2**22 + 1, signal.SIGCONT)  # above the largest process number of Linux
