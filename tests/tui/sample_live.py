"""Sample of Ableton Live beside the sample session: it answers, with two tracks, a scene and a clip being written."""

from __future__ import annotations

from bridge.control.bus import Bus


def publish_live(bus: Bus) -> None:
    """A row of every reading of Live."""
    bus.publish("ableton.state", "connected", "12.1", "")
    bus.publish("ableton.transport", 1, 128.25, 120.0, 4, 4)
    bus.publish("ableton.track", 1, "Band", "midi")
    bus.publish("ableton.track", 2, "Vocals", "audio")
    bus.publish("ableton.scene", 1, "Verse")
    bus.publish("ableton.clip", "1/1", "bass", "writing", 3, 8, "")
    bus.publish("ableton.client", "127.0.0.1:50412", 42, 40)
