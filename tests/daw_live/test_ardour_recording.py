"""Ardour plays a song through a running sidecar and records the stems: they lie in place, and their sum is the song."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from bridge.core.latency import NO_SENDS, PATH_SENDS
from bridge.drivers.dummy_server import DummyServer
from bridge.osc.client import OscClient
from tests.daw_live.ardour import Ardour, open_ardour
from tests.daw_live.rig import (
    NAME,
    connect_tracks,
    find_offset,
    make_session,
    make_song,
    measure_difference,
    record,
    sum_stems,
)

pytestmark = [pytest.mark.daw, pytest.mark.live]

LARGEST_DIFFERENCE = 1e-5
"""-100 dBFS. Where it was run it is 6e-8, the rounding of 32-bit floats."""


@pytest.fixture(scope="module")
def ardour(server: DummyServer, sidecar: OscClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ardour]:
    """Ardour with a session whose song goes to the sidecar, and whose tracks record what returns."""
    work = tmp_path_factory.mktemp("ardour")
    make_session(work / "s", work / "home", make_song())
    with open_ardour(server, work / "home", work / "s", NAME) as running:
        connect_tracks(running)
        yield running


def declare_sends(sidecar: OscClient, ardour: Ardour, sends: str) -> None:
    """Set what is declared behind the inputs, and wait until Ardour counts it."""
    sidecar.send("/latency/jack/sends", sends)
    counts = "s:worst_output_latency() > s:worst_input_latency()"
    ardour.wait_until(counts if sends == PATH_SENDS else f"not ({counts})")


@pytest.mark.parametrize("take", [1, 2, 3])
def test_the_stems_are_recorded_in_place_and_sum_to_the_song(sidecar: OscClient, ardour: Ardour, take: int) -> None:
    song = make_song()
    declare_sends(sidecar, ardour, NO_SENDS)
    recordings = record(ardour)
    for returned in (sum_stems(recordings), recordings["mix"]):
        assert find_offset(song, returned) == 0
        assert measure_difference(song, returned, 0) < LARGEST_DIFFERENCE


def connect_master(server: DummyServer, tool: str) -> None:
    """Connect Master to the hardware, or not: ``tool`` is jack_connect or jack_disconnect."""
    for channel in (1, 2):
        ports = f"ardour:Master/audio_out {channel}", f"system:playback_{channel}"
        subprocess.run([tool, "-s", server.name, *ports], env=server.env, check=True)


def test_with_master_disconnected_every_take_is_late_by_the_output_s_latency_until_it_is_connected_again(
    server: DummyServer, sidecar: OscClient, ardour: Ardour
) -> None:
    song = make_song()
    declare_sends(sidecar, ardour, NO_SENDS)
    late = ardour.number("s:worst_output_latency()")
    connect_master(server, "jack_disconnect")
    ardour.wait_until(f"s:worst_output_latency() < {late}")
    for _ in range(3):
        returned = sum_stems(record(ardour))
        assert find_offset(song, returned) == late
        assert measure_difference(song, returned, late) < LARGEST_DIFFERENCE
    connect_master(server, "jack_connect")
    ardour.wait_until(f"s:worst_output_latency() == {late}")
    assert find_offset(song, sum_stems(record(ardour))) == 0


def test_with_the_delay_of_the_paths_at_the_inputs_too_ardour_counts_it_twice(
    sidecar: OscClient, ardour: Ardour
) -> None:
    declare_sends(sidecar, ardour, PATH_SENDS)
    returned = sum_stems(record(ardour))
    assert find_offset(make_song(), returned) == -ardour.number("s:worst_input_latency()")
