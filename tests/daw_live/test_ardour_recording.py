"""Ardour plays a song through a running sidecar and records the stems: they lie in place, and their sum is the song."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.core.latency import LOOP_SENDS, NO_SENDS, PATH_SENDS
from bridge.drivers.dummy_server import DummyServer
from bridge.osc.client import OscClient
from tests.daw_live.ardour import Ardour, open_ardour
from tests.daw_live.conftest import PERIOD
from tests.daw_live.far_output import NAME as FAR_OUTPUT
from tests.daw_live.far_output import FarOutput
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
OUTPUT_RESAMPLER = 16
"""Frames by which Ardour's resampler delays what leaves it; Ardour leaves them out where a track sends to us: ports of
other programs are no outputs for it (`Port::get_connected_latency_range`, `Route::output_effectively_connected`)."""
DECLARED = 1024
"""Delay of the separation at this period, with its default reserve, in frames."""
FAR = 700
"""Frames from a far output to the loudspeaker."""
MASTER, HARDWARE = "ardour:Master/audio_out {}", "system:playback_{}"


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a session whose song is to go to the sidecar, and whose tracks are to record what returns."""
    folder = tmp_path_factory.mktemp("ardour")
    make_session(folder / "s", folder / "home", make_song())
    return folder


@pytest.fixture(scope="module")
def ardour(server: DummyServer, sidecar: OscClient, work: Path) -> Iterator[Ardour]:
    """Ardour with that session, opened again after it was saved with Master disconnected."""
    assert sidecar.request("/latency/jack/sends")
    with open_ardour(server, work / "home", work / "s", NAME) as first:
        connect_tracks(first)
        patch(server, "jack_disconnect", MASTER, HARDWARE)
        first.run('s:save_state("")')
    with open_ardour(server, work / "home", work / "s", NAME) as running:
        connect_tracks(running)
        yield running


def patch(server: DummyServer, tool: str, source: str, destination: str) -> None:
    """Connect a pair of ports, or not: ``tool`` is jack_connect or jack_disconnect."""
    for channel in (1, 2):
        ports = source.format(channel), destination.format(channel)
        subprocess.run([tool, "-s", server.name, *ports], env=server.env, check=True)


def wait_for_latency(ardour: Ardour, output: int, returned: int) -> None:
    """Wait until Ardour's Master is ``output`` frames from the output, and its tracks read ``returned``."""
    ardour.wait_until(f"s:master_out():output():latency() == {output}")
    ardour.wait_until(f's:route_by_name("drums"):input():latency() == {returned + OUTPUT_RESAMPLER}')


def assert_in_place(ardour: Ardour) -> None:
    """Record a take: the stems' sum and the mix are the song, later by Ardour's resampler alone."""
    song, recordings = make_song(), record(ardour)
    for returned in (sum_stems(recordings), recordings["mix"]):
        assert find_offset(song, returned) == OUTPUT_RESAMPLER
        assert measure_difference(song, returned, OUTPUT_RESAMPLER) < LARGEST_DIFFERENCE


def test_with_master_disconnected_every_take_is_in_place(server: DummyServer, ardour: Ardour) -> None:
    wait_for_latency(ardour, 0, DECLARED + PERIOD)
    for _ in range(3):
        assert_in_place(ardour)


def test_with_master_connected_and_taken_off_again_every_take_is_in_place(server: DummyServer, ardour: Ardour) -> None:
    patch(server, "jack_connect", MASTER, HARDWARE)
    wait_for_latency(ardour, PERIOD + OUTPUT_RESAMPLER, DECLARED - OUTPUT_RESAMPLER)
    for _ in range(3):
        assert_in_place(ardour)
    patch(server, "jack_disconnect", MASTER, HARDWARE)
    wait_for_latency(ardour, 0, DECLARED + PERIOD)
    assert_in_place(ardour)


def test_the_output_latency_of_the_hardware_moves_nothing(
    server: DummyServer, sidecar: OscClient, ardour: Ardour
) -> None:
    output = FAR + OUTPUT_RESAMPLER
    with FarOutput(server, FAR):
        patch(server, "jack_connect", MASTER, f"{FAR_OUTPUT}:in_{{}}")
        wait_for_latency(ardour, output, DECLARED + PERIOD - output)
        assert_in_place(ardour)
        sidecar.send("/latency/jack/sends", NO_SENDS)
        wait_for_latency(ardour, output, DECLARED)
        early = find_offset(make_song(), sum_stems(record(ardour)))
        assert early == PERIOD + OUTPUT_RESAMPLER - output  # without the loop's part it does
        sidecar.send("/latency/jack/sends", LOOP_SENDS)
    wait_for_latency(ardour, 0, DECLARED + PERIOD)


def test_with_the_delay_of_the_paths_at_the_inputs_too_ardour_counts_it_twice(
    server: DummyServer, sidecar: OscClient, ardour: Ardour
) -> None:
    patch(server, "jack_connect", MASTER, HARDWARE)
    sidecar.send("/latency/jack/sends", PATH_SENDS)
    ardour.wait_until("s:worst_output_latency() > s:worst_input_latency()")
    returned = sum_stems(record(ardour))
    assert find_offset(make_song(), returned) == -DECLARED - OUTPUT_RESAMPLER
