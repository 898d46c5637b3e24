"""Live readings: state, transport, tracks and scenes of Live, clips that were written, and clients of the hub.

Published where they change.
"""

from __future__ import annotations

from collections.abc import Sequence

from bridge.control.bus import Bus, Row
from bridge.daw.ableton.live_connection import LiveConnection
from bridge.daw.ableton.live_silence import describe_silence

STATE = "ableton.state"
TRANSPORT = "ableton.transport"
TRACK = "ableton.track"
SCENE = "ableton.scene"
CLIP = "ableton.clip"
CLIENT = "ableton.client"
LOOK_UPDATES = 50
"""Updates between two looks at who has Live's port: 5 s, since a look takes some ms where many programs run."""


class LiveReadings:
    """What was published last. `update` belongs to one thread, `publish_clip` to any."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._rows: dict[tuple[str, object], Row] = {}
        self._was_connected = False
        self._silence, self._silent_updates = "", 0

    @property
    def silence(self) -> str:
        """Why Live has not answered yet, and what to do; empty once it has: it may come back at any moment."""
        return "" if self._was_connected else self._silence

    def update(self, connection: LiveConnection) -> None:
        """Publish what has changed."""
        follower, found = connection.follower, connection.follower.live_set
        self._was_connected |= follower.is_connected
        state = "connected" if follower.is_connected else "lost" if self._was_connected else "searching"
        detail = "; ".join(connection.problems) or self._explain_silence(connection)
        self._publish(STATE, (state, found.version, detail))
        beat = round(found.beat, 3)
        self._publish(
            TRANSPORT, (int(found.rolling), beat, round(found.tempo_bpm, 4), found.numerator, found.denominator)
        )
        tracks = [(at, track.name, "midi" if track.midi else "audio") for at, track in enumerate(found.tracks, 1)]
        self._publish_rows(TRACK, tracks)
        self._publish_rows(SCENE, list(enumerate(found.scenes, 1)))
        clients = [
            (f"{peer[0]}:{peer[1]}", one.received, one.sent) for peer, one in list(connection.hub.clients.items())
        ]
        self._publish_rows(CLIENT, clients)

    def _explain_silence(self, connection: LiveConnection) -> str:
        if connection.follower.is_connected:
            self._silent_updates = 0
            return ""
        if self._silent_updates % LOOK_UPDATES == 0:
            self._silence = describe_silence(connection.address)
        self._silent_updates += 1
        return self._silence

    def publish_off(self, detail: str) -> None:
        """Publish that Live is not followed, and why."""
        self._publish(STATE, ("off", "", detail))

    def publish_clip(self, slot: str, part: str, state: str, done: int, of: int, detail: str) -> None:
        """Publish how a clip is written."""
        self._bus.publish(CLIP, slot, part, state, done, of, detail)

    def _publish(self, reading: str, row: Row) -> None:
        if self._rows.get((reading, "")) != row:
            self._rows[(reading, "")] = row
            self._bus.publish(reading, *row)

    def _publish_rows(self, reading: str, rows: Sequence[Row]) -> None:
        wanted = {row[0]: row for row in rows}
        for name, key in [one for one in self._rows if one[0] == reading and one[1] not in wanted]:
            del self._rows[(name, key)]
            self._bus.withdraw(reading, key if isinstance(key, str) else int(str(key)))
        for key, row in wanted.items():
            if self._rows.get((reading, key)) != row:
                self._rows[(reading, key)] = row
                self._bus.publish(reading, *row)
