"""One look: what a sidecar does now, in plain lines or as JSON."""

from __future__ import annotations

import json

from tui.core.options import Options
from tui.text.output import write_lines
from tui.text.summary import describe_session, find_problems, to_json
from tui.wire.attachment import load_session

WELL, NOBODY, WRONG = 0, 1, 2
"""Exit statuses: all is well, nobody answers, something is wrong."""


def look_once(options: Options) -> int:
    """Print one look and return the exit status.

    Raises:
        AddressError, RecordingError: An option is wrong.
    """
    session = load_session(options)
    if options.json:
        write_lines([json.dumps(to_json(session), ensure_ascii=False, indent=2)])
    elif session.registry.controls:
        write_lines(describe_session(session))
    else:
        write_lines(find_problems(session))
    if session.state != "attached":
        return NOBODY
    return WRONG if find_problems(session) else WELL
