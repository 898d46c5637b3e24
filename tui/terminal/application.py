"""Application: the app on this terminal, attached to a sidecar or to a recording. The guard starts it as a process."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tui.core.options import Options, parse_options
from tui.core.screen import Context, View
from tui.core.session import Session
from tui.terminal import terminal
from tui.terminal.app import Connection
from tui.terminal.processes import end_with_parent, watch_terminal
from tui.wire.attachment import open_link
from tui.wire.connection import LinkConnection, ReplayConnection
from tui.wire.recording import parse_time, read_recording
from tui.wire.remote import LinkRemote
from tui.wire.replay import RecordedRemote, Replay
from tui.wire.target import find_settings_folder


def run(options: Options) -> int:
    """Run the app until it is left; returns the exit status.

    Raises:
        ValueError: An option is wrong; the text says how to correct it.
    """
    looks = terminal.DisplayOptions(options.screen, options.theme, options.ascii, find_settings_folder(os.environ))
    if options.probe:
        context = Context(Session(), RecordedRemote(lambda _text, _role: None), View(), time.monotonic())
        return terminal.run_probe(context, looks, os.environ)
    with (open_replay if options.replay else open_sidecar)(options) as (context, connection):
        return terminal.run_app(context, connection, looks, os.environ)


@contextmanager
def open_sidecar(options: Options) -> Iterator[tuple[Context, Connection]]:
    """A context whose session a sidecar fills, and its connection.

    Raises:
        AddressError, RecordingError: An option is wrong.
    """
    with open_link(options) as (link, channels):
        speech = _Speech()
        link.notice = speech.say
        remote = LinkRemote(link, time.monotonic, speech.say, channels.send)
        speech.context = Context(link.session, remote, View(), time.monotonic())
        yield speech.context, LinkConnection(link, channels)


@contextmanager
def open_replay(options: Options) -> Iterator[tuple[Context, Connection]]:
    """A context whose session a recording fills, and its connection.

    Raises:
        RecordingError: An option is wrong.
    """
    path = Path(options.replay)
    speech, session = _Speech(), Session(path.name)
    at_s = parse_time(options.at) if options.at else 0.0
    replay = Replay(read_recording(path), session)
    speech.context = Context(session, RecordedRemote(speech.say), View(), time.monotonic())
    yield speech.context, ReplayConnection(replay, session, speech.say, at_s)


class _Speech:
    """What the link and the remote control say, by the context, which the interface completes later."""

    def __init__(self) -> None:
        self.context: Context | None = None

    def say(self, text: str, role: str) -> None:
        """Show a message."""
        if self.context is not None:
            self.context.say(text, role)


def main() -> int:
    """Run the app with the options in the first argument, as the guard passes them."""
    end_with_parent()
    watch_terminal()
    try:
        return run(parse_options(sys.argv[1] if len(sys.argv) > 1 else "{}"))
    except ValueError as error:  # each of our errors is one, and its text is for the user
        sys.stderr.write(f"sideman tui: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
