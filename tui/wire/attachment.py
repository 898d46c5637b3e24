"""Attachment of a text mode: a session that a sidecar or a recording fills, until all of it is there."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tui.core.options import Options
from tui.core.session import Session
from tui.wire.link import Link
from tui.wire.recording import Recorder, parse_time, read_recording
from tui.wire.replay import Replay
from tui.wire.target import find_target
from tui.wire.udp import UdpChannels

PATIENCE_S = 3.0
"""Longest wait of a text mode for a sidecar that does not answer."""
LATEST_S = 10.0
"""Longest wait for all values of one that does."""


@contextmanager
def open_link(options: Options, environment: dict[str, str] | None = None) -> Iterator[tuple[Link, UdpChannels]]:
    """A link to the sidecar that the options name, with open sockets, and recorded where they say so.

    Raises:
        AddressError: The address is malformed, or the settings are.
        RecordingError: The recording cannot be written.
    """
    target = find_target(options.attach, dict(os.environ) if environment is None else environment)
    link = Link(Session(target.shown), target.token)
    with ExitStack() as opened:
        channels = opened.enter_context(UdpChannels(link, target.host, target.port))
        if options.record:
            opened.enter_context(Recorder(Path(options.record), link))
        yield link, channels


def attach(link: Link, channels: UdpChannels, clock: Callable[[], float] = time.monotonic) -> bool:
    """Attach, and wait until all that was asked for is there; False where nobody answers."""
    start_s = clock()

    def is_settled() -> bool:
        if link.session.state == "attached":
            return not link.is_busy
        return clock() - start_s > PATIENCE_S

    channels.run(start_s + LATEST_S, is_settled)
    return link.is_attached


def load_session(
    options: Options, subscriptions: Iterable[tuple[str, float]] = (), histories: Iterable[str] = ()
) -> Session:
    """The session of a sidecar or of a recording at its time ``at``, by default its end. It is attached, or lost.

    Raises:
        AddressError, RecordingError: As in `open_link` and `read_recording`.
    """
    if options.replay:
        session = Session(f"recording {options.replay}")
        to_s = parse_time(options.at) if options.at else float("inf")
        Replay(read_recording(Path(options.replay)), session).advance(to_s)
        return session
    with open_link(options) as (link, channels):
        link.show(subscriptions, histories)
        attach(link, channels)
        link.leave()
        channels.send()
        return link.session
