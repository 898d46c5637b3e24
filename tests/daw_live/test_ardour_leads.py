"""Ardour leads, or is driven: a running sidecar follows its JACK transport and MIDI clock, or starts and locates it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from bridge.drivers.dummy_server import DummyServer
from bridge.osc.client import OscClient
from tests.daw_live.ardour import UI, Ardour, open_ardour
from tests.daw_live.ardour_session import enable_osc
from tests.daw_live.rig import NAME, RATE
from tests.live.transport_process import Cycle, TransportPeer
from tests.waiting import until

pytestmark = [pytest.mark.daw, pytest.mark.live]

TEMPO = 120.0
"""Tempo of a new session of Ardour's."""
CONFIG = """<?xml version="1.0" encoding="UTF-8"?>
<Ardour>
  <Config/>
  <TransportMasters current="JACK">
    <TransportMaster type="Engine" name="JACK" collect="1" removeable="0"/>
    <TransportMaster type="MTC" name="MTC" collect="1" removeable="0"/>
  </TransportMasters>
</Ardour>
"""
"""Ardour's configuration in which its external clock is JACK's transport, as its window sets it."""
POSITION_FACTOR = 6
"""Ardour 7.3 sends its song position in MIDI clocks, F2 40 01 (192) at beat 8; MIDI counts in sixteenths: 32."""
CLOCK_OUT, CLOCK_IN = "ardour:MIDI Clock out", "sideman:midi_in"


class ClockRow(NamedTuple):
    """What the reading ``clock`` says; ``beat``: quarter notes from the song's start."""

    rolls: bool
    beat: float
    tempo: float
    lock: str
    source: str


@pytest.fixture(scope="module")
def ardour(server: DummyServer, sidecar: OscClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ardour]:
    """Ardour with an empty session beside the sidecar."""
    work = tmp_path_factory.mktemp("ardour")
    config = work / "home" / "config" / "ardour7" / "config"
    config.parent.mkdir(parents=True)
    config.write_text(CONFIG, encoding="utf-8")
    with Ardour(None, work / "home") as writer:
        writer.run(f's = create_session("{work / "s"}", "{NAME}", {RATE})')
        writer.run('s:save_state("")')
        writer.run("close_session()")
    enable_osc(work / "s", NAME)
    assert sidecar.request("/clock")
    with open_ardour(server, work / "home", work / "s", NAME) as running:
        yield running


def read_clock(sidecar: OscClient) -> ClockRow:
    _, _, rolls, bar, beat, bar_beats, tempo, _, lock, _, _, source, *_ = sidecar.request("/clock")
    numbers = [float(str(value)) for value in (bar, bar_beats, beat, tempo)]
    return ClockRow(bool(rolls), (numbers[0] - 1) * numbers[1] + numbers[2] - 1, numbers[3], str(lock), str(source))


def wait_for_clock(sidecar: OscClient, source: str, rolls: bool = True) -> ClockRow:
    """Wait until the sidecar is locked to ``source`` and rolls, or stands."""

    def is_there() -> bool:
        row = read_clock(sidecar)
        return row.source == source and row.rolls == rolls and (not rolls or row.lock == "locked")

    until(f"{source}, rolling: {rolls}", is_there)
    return read_clock(sidecar)


def read_cycle(peer: TransportPeer) -> Cycle:
    """JACK's transport now."""
    peer.read()
    found: list[Cycle] = []

    def has_cycle() -> bool:
        found.extend(peer.read())
        return bool(found)

    until("a cycle", has_cycle)
    return found[-1]


def test_its_jack_transport_leads_and_the_sidecar_is_at_its_bar_and_beat(
    server: DummyServer, sidecar: OscClient, ardour: Ardour
) -> None:
    ardour.run("s:cfg():set_external_sync(true)")
    with TransportPeer(server) as peer:
        for seconds in (0.0, 2.5):
            frame = round(seconds * RATE)
            ardour.run(f"s:request_locate({frame}, false, ARDOUR.LocateTransportDisposition.MustStop, {UI})")
            until(f"JACK at {frame}", lambda at=frame: any(one.frame == at for one in peer.read()))  # type: ignore[misc]
            ardour.run(f"s:request_roll({UI})")
            assert wait_for_clock(sidecar, "jack").tempo == pytest.approx(TEMPO, abs=0.01)
            ardour.run(f"s:request_stop(false, false, {UI})")
            ardour.wait_until("s:transport_stopped()")
            row = wait_for_clock(sidecar, "jack", rolls=False)
            last = read_cycle(peer)
            assert last.frame > frame
            assert row.beat == pytest.approx(last.song_beat, abs=2e-3)
            # Ardour's bars are two periods ahead of JACK's frames
            assert row.beat == pytest.approx(last.frame * TEMPO / (60 * RATE), abs=0.02)
    ardour.run("s:cfg():set_external_sync(false)")


def test_where_it_is_driven_the_transport_s_actions_locate_start_and_stop_it(
    sidecar: OscClient, ardour: Ardour
) -> None:
    sidecar.send("/transport/locate", 8.0)
    ardour.wait_until(f"s:transport_sample() == {round(8 * 60 / TEMPO * RATE)}")
    sidecar.send("/transport/start")
    ardour.wait_until(f"s:transport_sample() > {round(8.5 * 60 / TEMPO * RATE)}")
    until("the sidecar's clock", lambda: read_clock(sidecar).rolls)
    sidecar.send("/transport/stop")
    ardour.wait_until("s:transport_stopped()")
    until("the sidecar's clock stands", lambda: not read_clock(sidecar).rolls)


def test_its_midi_clock_leads_from_start_to_stop_and_from_another_place(
    server: DummyServer, sidecar: OscClient, ardour: Ardour
) -> None:
    ardour.run("ARDOUR.config():set_send_midi_clock(true)")
    subprocess.run(["jack_connect", "-s", server.name, CLOCK_OUT, CLOCK_IN], env=server.env, check=True)
    sidecar.send("/clock/source", "midi")
    for seconds in (0.0, 4.0):
        assert ardour.has_located(round(seconds * RATE))
        ardour.run(f"s:request_roll({UI})")
        row = wait_for_clock(sidecar, "midi")
        assert row.tempo == pytest.approx(TEMPO, abs=0.5)
        before = ardour.number("s:transport_sample()")
        beat = read_clock(sidecar).beat - (POSITION_FACTOR - 1) * seconds * TEMPO / 60
        after = ardour.number("s:transport_sample()")
        # a reading is up to 0.2 s old, and Ardour's clock comes after its output's latency
        assert before - 0.5 * RATE < beat * 60 * RATE / TEMPO < after + 0.1 * RATE
        ardour.run(f"s:request_stop(false, false, {UI})")
        wait_for_clock(sidecar, "midi", rolls=False)
