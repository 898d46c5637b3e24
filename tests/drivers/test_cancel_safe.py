"""Python callbacks of libjack are not cancelled half-way, and their arguments arrive."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from bridge.drivers.clients import close_client, open_client
from bridge.drivers.libjack import library_name
from tests.live.conftest import private_server
from tests.waiting import HANG_S, until

if library_name() is None:
    pytest.skip("libjack is not installed", allow_module_level=True)

from bridge.drivers import cancel_safe

CANCELLED = """
import ctypes, sys, threading
from bridge.drivers import cancel_safe, libjack

libc, inside, done = ctypes.CDLL(None), threading.Event(), []

class Library:
    jack_set_xrun_callback = staticmethod(lambda _client, _native, _argument: 0)

class Client:
    _ptr = 0

def work(value):
    inside.set()
    for _ in range(200):
        sum(range(10_000))  # the interpreter's lock is acquired and released all the time
    done.append(value)

cancel_safe.load, cancel_safe.address = Library, lambda _: 0
callback = cancel_safe.set_callback(Client, "jack_set_xrun_callback", work)
# a thread of the C library, as libjack's are, that may be cancelled between any two instructions
thread = ctypes.c_ulong()
start = ctypes.cast(cancel_safe.call_with_nothing.address, ctypes.c_void_p)
assert libc.pthread_create(ctypes.byref(thread), None, start, ctypes.c_void_p(callback.argument.ctypes.data)) == 0
assert inside.wait(500)
assert libc.pthread_cancel(thread) == 0
assert libc.pthread_join(thread, None) == 0
assert done == [0], done
print("whole")
"""
"""``call_with_nothing`` takes one argument, as a thread's function does."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads of glibc")
def test_a_thread_cancelled_in_python_finishes_the_call_first() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CANCELLED], capture_output=True, text=True, timeout=HANG_S, check=False
    )
    assert (done.returncode, done.stdout) == (0, "whole\n"), done.stderr


def test_an_error_is_logged_and_answered(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[int] = []

    def fail(value: int) -> None:
        found.append(value)
        raise ValueError("on purpose")

    class Library:
        @staticmethod
        def jack_set_buffer_size_callback(_client: int, native: int, argument: ctypes.c_void_p) -> int:
            kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
            assert kind(native)(256, argument) == 0
            return 0

    monkeypatch.setattr(cancel_safe, "load", Library)
    monkeypatch.setattr(cancel_safe, "address", lambda _: 0)

    class Client:
        _ptr = 0

    cancel_safe.set_callback(Client, "jack_set_buffer_size_callback", fail)
    assert found == [256]
    assert "jack_set_buffer_size_callback" in caplog.text


@pytest.mark.live
def test_each_callback_receives_its_value() -> None:
    received: dict[str, list[int]] = {setter: [] for setter in cancel_safe.COMPILED}
    with private_server(48000, 128) as server:
        client = open_client("listens", server.name)
        try:
            kept = [cancel_safe.set_callback(client, setter, values.append) for setter, values in received.items()]
            client.activate()
            until("cycles", lambda: len(received["jack_set_process_callback"]) > 3)
            client.set_freewheel(True)
            until("freewheel", lambda: received["jack_set_freewheel_callback"] == [1])
            client.set_freewheel(False)
            until("its end", lambda: received["jack_set_freewheel_callback"] == [1, 0])
            client.blocksize = 512
            until("the period", lambda: 512 in received["jack_set_buffer_size_callback"])
            until("both latencies", lambda: set(received["jack_set_latency_callback"]) == {0, 1})
        finally:
            close_client(client)
        del kept
    assert set(received["jack_set_process_callback"]) >= {128}
