"""Python that libjack calls is not ended half-way, and what it says comes through."""

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
from bridge.drivers import libjack, shield

libc, inside, done = ctypes.CDLL(None), threading.Event(), []

class Library:
    jack_set_xrun_callback = staticmethod(lambda _client, _native, _argument: 0)

class Client:
    _ptr = 0

def work(value):
    inside.set()
    for _ in range(200):
        sum(range(10_000))  # the lock of the interpreter is taken and given back all the time
    done.append(value)

shield.load, shield.address = Library, lambda _: 0
listener = shield.listen(Client, "jack_set_xrun_callback", work)
# a thread of the C library, as libjack's are, that may be ended between any two instructions
thread = ctypes.c_ulong()
start = ctypes.cast(shield.happened.address, ctypes.c_void_p)
assert libc.pthread_create(ctypes.byref(thread), None, start, ctypes.c_void_p(listener.argument.ctypes.data)) == 0
assert inside.wait(500)
assert libc.pthread_cancel(thread) == 0
assert libc.pthread_join(thread, None) == 0
assert done == [0], done
print("whole")
"""
"""``happened`` takes one argument, as a thread's function does."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads of glibc")
def test_a_thread_that_is_cancelled_in_python_comes_to_its_end_first() -> None:
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

    cancel_safe.listen(Client, "jack_set_buffer_size_callback", fail)
    assert found == [256]
    assert "jack_set_buffer_size_callback" in caplog.text


@pytest.mark.live
def test_libjack_calls_each_with_what_it_has_to_say() -> None:
    heard: dict[str, list[int]] = {setter: [] for setter in cancel_safe.NATIVE}
    with private_server(48000, 128) as server:
        client = open_client("listens", server.name)
        try:
            kept = [cancel_safe.listen(client, setter, values.append) for setter, values in heard.items()]
            client.activate()
            until("cycles", lambda: len(heard["jack_set_process_callback"]) > 3)
            client.set_freewheel(True)
            until("freewheel", lambda: heard["jack_set_freewheel_callback"] == [1])
            client.set_freewheel(False)
            until("its end", lambda: heard["jack_set_freewheel_callback"] == [1, 0])
            client.blocksize = 512
            until("the period", lambda: 512 in heard["jack_set_buffer_size_callback"])
            until("both latencies", lambda: set(heard["jack_set_latency_callback"]) == {0, 1})
        finally:
            close_client(client)
        del kept
    assert set(heard["jack_set_process_callback"]) >= {128}
