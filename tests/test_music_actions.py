"""Music actions at a sidecar that runs offline: transport, tapped tempo, another performance; what is refused."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from bridge.errors import BridgeError
from bridge.osc.client import OscClient
from tests.conftest import StartOfflineSidecar
from tests.offline_sidecar import NO_ENGINES
from tests.waiting import HANG_S, until

MUSIC = '[engines]\nseparation = ""\nmir = "mir.chroma"\naccompaniment = "accompaniment.band"\nsynth = ""\n'


def read_clock(client: OscClient) -> dict[str, object]:
    fields = (
        "frame", "time_ms", "rolling", "bar", "beat", "bar_beats", "tempo_bpm", "leader", "lock", "jitter_ms",
        "changes", "source", "drift_ppm", "candidates",
    )  # fmt: skip
    replies = client.gather("/get", "/clock", done="/get/done", timeout_s=HANG_S)
    return next((dict(zip(fields, args, strict=True)) for name, args in replies if name == "/clock"), {})


def get(client: OscClient, address: str) -> list[tuple[object, ...]]:
    replies = client.gather("/get", address, done="/get/done", timeout_s=HANG_S)
    return [tuple(args) for name, args in replies if name == address]


def test_the_transport_tempo_and_seed_of_a_song(offline_sidecar: StartOfflineSidecar) -> None:
    with offline_sidecar(arguments=("--tempo", "120"), settings=MUSIC) as sidecar, sidecar.open_client() as client:
        until("the host leads", lambda: read_clock(client).get("leader") == "host")
        until("rolling", lambda: read_clock(client)["rolling"] == 1)
        assert (read_clock(client)["tempo_bpm"], read_clock(client)["lock"]) == (120.0, "locked")
        client.call("/transport/stop")
        until("a stop", lambda: read_clock(client)["rolling"] == 0)
        client.call("/transport/start")
        until("a start", lambda: read_clock(client)["rolling"] == 1)

        assert client.call("/accompaniment/regenerate") == [(1,)]
        client.send("/accompaniment/band/seed", 999)
        until("the seed", lambda: get(client, "/accompaniment/band/seed") == [(999,)])
        assert client.call("/accompaniment/regenerate") == [(0,)]

        assert client.call("/transport/tap") == [(0.0, 1)]
        [(bpm, taps)] = client.call("/transport/tap")  # as fast as it can: folded into the range
        assert taps == 2
        assert get(client, "/mir/tempo_prior_bpm") == [(pytest.approx(bpm),)]

        assert {row[0] for row in get(client, "/accompaniment/part")} == {"drums", "bass", "keys", "pad", "guitar"}
        until("the cards", lambda: "Ardour" in {row[0] for row in get(client, "/latency/card")})
        assert "publishing readings failed" not in sidecar.output


def test_a_client_that_comes_late_gets_the_beats_and_their_bars(offline_sidecar: StartOfflineSidecar) -> None:
    with offline_sidecar(arguments=("--tempo", "120"), settings=MUSIC) as sidecar, sidecar.open_client() as client:
        until("beats", lambda: len(client.gather("/history", "/mir/beat", done="/history/done")) > 6)
        replies = client.gather("/history", "/mir/beat", done="/history/done", timeout_s=HANG_S)
        rows: list[tuple[Any, ...]] = [args[1:] for name, args in replies if name == "/history/row"]
        bars = [(index - number) // bar_beats + 1 for _, number, bar_beats, _, _, index in rows]
        assert bars == sorted(bars)
        assert all(0 <= after - before <= 1 for before, after in pairwise(bars))
        until("chords", lambda: bool(client.gather("/history", "/mir/chord", done="/history/done")))
        until("notes", lambda: len(client.gather("/history", "/accompaniment/note", done="/history/done")) > 6)


def test_what_cannot_be_done_is_refused_with_a_reason(offline_sidecar: StartOfflineSidecar) -> None:
    with offline_sidecar(settings=NO_ENGINES) as sidecar, sidecar.open_client() as client:
        for arguments, message in (
            (("/latency/measure",), "a sidecar that runs offline has no ports to measure"),
            (("/latency/measure", "now"), "mode is 'now'"),
            (("/accompaniment/regenerate",), "the accompaniment engine has no random seed"),
            (("/transport/tap",), "the analysis engine has no tempo prior"),
        ):
            with pytest.raises(BridgeError, match=message):
                client.call(*arguments)
