"""Routing of the whole JACK graph by a sidecar: peers in other processes that come, go, crash and change their mind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.app import Sidecar
from bridge.config import CONFIG_HOME_VARIABLE
from bridge.control.bus import Row
from bridge.core.control import Value
from bridge.drivers import jack_driver
from bridge.drivers.dummy_server import DummyServer
from bridge.errors import ControlError
from tests.live.conftest import private_server
from tests.live.peer_process import Peer
from tests.live.rig import NO_ENGINES, sidecar_on
from tests.waiting import until

pytestmark = pytest.mark.live

RATE = 48000
AMP = ("in:in_L", "in:in_R")
DECK = ("out:out_1", "out:out_2", "midi_out:keys")
TO_AMP = {("deck:out_1", "amp:in_L"), ("deck:out_2", "amp:in_R")}
FROM_US = {("sideman:mix_1", "amp:in_L"), ("sideman:mix_2", "amp:in_R")}


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONFIG_HOME_VARIABLE, str(tmp_path))
    monkeypatch.setattr(jack_driver, "RETRY_S", 0.1)


@pytest.fixture
def server() -> Iterator[DummyServer]:
    with private_server(RATE, 128) as server:
        yield server


@pytest.fixture
def sidecar(server: DummyServer) -> Iterator[Sidecar]:
    with sidecar_on(server, NO_ENGINES) as sidecar:
        yield sidecar


def rows(sidecar: Sidecar, reading: str) -> dict[Value, Row]:
    return {row[0]: row for row in sidecar.bus.get_rows(reading)}


def list_links(sidecar: Sidecar, state: str) -> set[tuple[Value, Value]]:
    return {(row[1], row[2]) for row in sidecar.bus.get_rows("routing.link") if row[3] == state}


def expect_made(sidecar: Sidecar, links: set[tuple[str, str]]) -> None:
    until(f"{links} made", lambda: list_links(sidecar, "made") == links)


def expect_ports(sidecar: Sidecar, *names: str) -> None:
    until(f"the ports {names}", lambda: rows(sidecar, "routing.port").keys() >= set(names))


def restart(server: DummyServer, sidecar: Sidecar) -> None:
    """SIGKILL of jackd, and a new one of its name."""
    server.kill()
    until("noticing", lambda: not sidecar.is_connected)
    server.restart()
    until("coming back", lambda: sidecar.is_connected)


def test_ports_of_all_clients_are_published_with_their_pairs_and_withdrawn(
    server: DummyServer, sidecar: Sidecar
) -> None:
    with Peer(server, "amp", *AMP), Peer(server, "deck", *DECK):
        expect_ports(sidecar, "amp:in_L", "amp:in_R", "deck:out_1", "deck:keys", "sideman:mix_1", "system:playback_1")
        ports = rows(sidecar, "routing.port")
        assert ports["amp:in_R"] == ("amp:in_R", "amp", "in_R", "audio", "in", 0, "in", 0)
        assert ports["deck:keys"] == ("deck:keys", "deck", "keys", "midi", "out", 0, "", 0)
        assert ports["sideman:mix_2"][6] == "mix"
        assert ports["system:capture_1"][3:6] == ("audio", "out", 1)
    until("the ports gone", lambda: not any(str(name).startswith("amp") for name in rows(sidecar, "routing.port")))


def test_a_pair_of_other_programs_is_connected_cut_and_taken_back(server: DummyServer, sidecar: Sidecar) -> None:
    with Peer(server, "amp", *AMP), Peer(server, "deck", *DECK):
        expect_ports(sidecar, "amp:in_R", "deck:out_2")
        assert sorted(sidecar.bus.trigger("routing.connect", "deck:out", "amp:in")) == sorted(
            ("connected", *link) for link in TO_AMP
        )
        expect_made(sidecar, TO_AMP)
        sidecar.bus.trigger("routing.undo")
        expect_made(sidecar, set())
        sidecar.bus.trigger("routing.redo")
        expect_made(sidecar, TO_AMP)
        sidecar.bus.trigger("routing.cut", "deck:out_1", "amp:in_L")
        expect_made(sidecar, TO_AMP - {("deck:out_1", "amp:in_L")})
        with pytest.raises(ControlError, match="deck:keys is midi"):
            sidecar.bus.trigger("routing.connect", "deck:keys", "amp:in_L")
        events = [row[1:] for row in sidecar.bus.get_history("routing.event")]
        assert events[-1] == ("cut", "deck:out_1", "amp:in_L")
        assert len(events) == 7


def test_a_change_by_another_program_is_published(server: DummyServer, sidecar: Sidecar) -> None:
    with Peer(server, "amp", *AMP) as amp, Peer(server, "deck", *DECK):
        amp.ask("connect", "deck:out_1", "amp:in_L")
        expect_made(sidecar, {("deck:out_1", "amp:in_L")})
        amp.ask("disconnect", "deck:out_1", "amp:in_L")
        expect_made(sidecar, set())
        until("the event", lambda: (sidecar.bus.get_latest("routing.event") or ("", ""))[1] == "cut")


def test_a_scene_outlives_a_restart_of_the_server(server: DummyServer, sidecar: Sidecar) -> None:
    """qpwgraph#70: dead after the server restarts, until it is restarted itself."""
    with Peer(server, "amp", *AMP) as amp, Peer(server, "deck", *DECK) as deck:
        expect_ports(sidecar, "amp:in_R", "deck:out_2")
        sidecar.bus.trigger("routing.connect", "deck:out", "amp:in")
        sidecar.bus.trigger("routing.connect", "sideman:mix", "amp:in")
        sidecar.bus.trigger("routing.save", "stage")
        until("the scene", lambda: rows(sidecar, "routing.scene").get("stage") == ("stage", 4, 4, 1))
        amp.kill()
        deck.kill()
        restart(server, sidecar)
    until("links that wait", lambda: list_links(sidecar, "away") == TO_AMP | FROM_US)
    with Peer(server, "amp", *AMP), Peer(server, "deck", *DECK):
        expect_made(sidecar, TO_AMP | FROM_US)
        until("the scene", lambda: rows(sidecar, "routing.scene")["stage"] == ("stage", 4, 4, 1))


def test_a_peer_that_crashed_is_patched_again_and_one_of_another_name_is_not(
    server: DummyServer, sidecar: Sidecar
) -> None:
    """qpwgraph#24: not restored at hot-plug."""
    with Peer(server, "deck", *DECK):
        with Peer(server, "amp", *AMP) as amp:
            expect_ports(sidecar, "amp:in_R", "deck:out_2")
            sidecar.bus.trigger("routing.connect", "deck:out", "amp:in")
            expect_made(sidecar, TO_AMP)
            amp.kill()
        until("links that wait", lambda: list_links(sidecar, "away") == TO_AMP)
        with Peer(server, "amp-01", *AMP):
            expect_ports(sidecar, "amp-01:in_L", "amp-01:in_R")
            with Peer(server, "amp", *AMP):
                expect_made(sidecar, TO_AMP)


def test_a_pair_is_restored_whole_where_its_ports_come_one_by_one(server: DummyServer, sidecar: Sidecar) -> None:
    """HoustonPatchbay#30, non#168: half of a pair is missing."""
    with Peer(server, "deck", *DECK):
        with Peer(server, "amp", *AMP):
            expect_ports(sidecar, "amp:in_R", "deck:out_2")
            sidecar.bus.trigger("routing.connect", "deck:out", "amp:in")
        until("links that wait", lambda: list_links(sidecar, "away") == TO_AMP)
        published = list[set[tuple[Value, Value]]]()
        sidecar.bus.subscribe(lambda _name, _row, _source: published.append(list_links(sidecar, "made")))
        with Peer(server, "amp", "in:in_L") as amp:
            expect_ports(sidecar, "amp:in_L")
            amp.ask("in:in_R")
            expect_made(sidecar, TO_AMP)
    until("links that wait", lambda: list_links(sidecar, "away") == TO_AMP)


def test_a_change_of_period_leaves_the_matrix_as_it_is(server: DummyServer, sidecar: Sidecar) -> None:
    """RaySession#275: links vanish from the picture when the buffer size changes."""
    with Peer(server, "deck", *DECK), Peer(server, "amp", *AMP) as amp:
        expect_ports(sidecar, "amp:in_R", "deck:out_2")
        sidecar.bus.trigger("routing.connect", "deck:out", "amp:in")
        sidecar.bus.trigger("routing.connect", "sideman:mix", "amp:in")
        expect_made(sidecar, TO_AMP | FROM_US)
        withdrawn = list[tuple[str, Row]]()
        sidecar.bus.subscribe(
            lambda name, row, _source: withdrawn.append((name, row)) if name == "routing.link" else None
        )
        amp.ask("period", "512")
        until("the period", lambda: (sidecar.bus.get_latest("counters") or (0,))[0] == 512)
        until(
            "the latency of the card",
            lambda: rows(sidecar, "routing.port")["system:capture_1"][7] == 512,
        )
        assert withdrawn == []
        assert list_links(sidecar, "made") == TO_AMP | FROM_US


def test_the_active_scene_is_restored_by_the_next_sidecar(server: DummyServer) -> None:
    """RaySession#265: loaded without links."""
    with Peer(server, "amp", *AMP), Peer(server, "deck", *DECK):
        with sidecar_on(server, NO_ENGINES) as sidecar:
            expect_ports(sidecar, "amp:in_R", "deck:out_2")
            for source, destination in sorted(TO_AMP | FROM_US):
                sidecar.bus.trigger("routing.connect", source, destination)
            sidecar.bus.trigger("routing.save", "stage")
            sidecar.bus.trigger("routing.cut", "sideman:mix_1", "amp:in_L")
        kept = (TO_AMP | FROM_US) - {("sideman:mix_1", "amp:in_L")}
        with sidecar_on(server, NO_ENGINES) as sidecar:
            expect_made(sidecar, kept)
            until("the scene", lambda: rows(sidecar, "routing.scene")["stage"] == ("stage", 4, 3, 1))
            sidecar.bus.trigger("routing.restore", "stage")
            expect_made(sidecar, TO_AMP | FROM_US)


def test_what_another_program_cuts_of_a_scene_stays_cut(server: DummyServer, sidecar: Sidecar) -> None:
    link = ("sideman:mix_1", "amp:in_L")
    with Peer(server, "amp", *AMP) as amp:
        expect_ports(sidecar, "amp:in_R")
        sidecar.bus.trigger("routing.connect", "sideman:mix", "amp:in")
        sidecar.bus.trigger("routing.save", "stage")
        amp.ask("disconnect", *link)
        until("the cut", lambda: ("cut", *link) in {row[1:] for row in sidecar.bus.get_history("routing.event")})
        amp.kill()
    until("links that wait", lambda: list_links(sidecar, "away") == FROM_US - {link})
    with Peer(server, "amp", *AMP):
        expect_made(sidecar, FROM_US - {link})


def test_a_broken_scene_is_shown_and_refused_with_its_place(sidecar: Sidecar, tmp_path: Path) -> None:
    (tmp_path / "scenes").mkdir()
    (tmp_path / "scenes" / "stage.toml").write_text("schema = 1\nlinks = 3\n", encoding="utf-8")
    until("the row", lambda: rows(sidecar, "routing.scene").get("stage") == ("stage", -1, 0, 0))
    with pytest.raises(ControlError, match=r"stage.toml: links"):
        sidecar.bus.trigger("routing.restore", "stage")
    sidecar.bus.trigger("routing.delete", "stage")
    until("no row", lambda: not rows(sidecar, "routing.scene"))


def test_without_a_server_actions_are_refused_and_links_wait(server: DummyServer, sidecar: Sidecar) -> None:
    with Peer(server, "amp", *AMP) as amp:
        expect_ports(sidecar, "amp:in_R")
        sidecar.bus.trigger("routing.connect", "sideman:mix", "amp:in")
        amp.kill()
        server.kill()
        until("noticing", lambda: not sidecar.is_connected)
        with pytest.raises(ControlError, match="the JACK server is away"):
            sidecar.bus.trigger("routing.connect", "sideman:mix", "amp:in")
        until("no ports", lambda: not rows(sidecar, "routing.port"))
        assert list_links(sidecar, "away") == FROM_US
