"""Start display: one line that changes on a terminal, and few lines elsewhere."""

from __future__ import annotations

import io

from bridge.core.compiling import describe_compiling
from bridge.printing import Printer
from bridge.starting import QUARTERS, StartDisplay

STEP = describe_compiling("JACK", is_kept=True)


def test_what_is_compiled_is_named_since_a_run_offline_compiles_nothing_for_jack() -> None:
    assert "for JACK, once for this version" in describe_compiling("JACK", is_kept=True)
    assert "for offline runs, once for this version" in describe_compiling("offline runs", is_kept=True)
    assert "once" not in describe_compiling("JACK", is_kept=False)
    assert len(f"{describe_compiling('offline runs', is_kept=True)}: 168 of 168") < 80


def shown(terminal: bool) -> str:
    file = io.StringIO()
    with StartDisplay(Printer(file=file, force_terminal=terminal, width=80)) as display:
        for done in range(1, 301):
            display.show(STEP, done, 100)
        display.show("starting the engines")
        display.show("starting the engines")
    return file.getvalue()


def test_a_pipe_gets_few_lines_and_none_twice() -> None:
    lines = shown(terminal=False).splitlines()
    assert lines[0] == f"{STEP}: 1 of 100"
    assert lines[-1] == "starting the engines"
    assert len(lines) == len(set(lines)) <= QUARTERS + 2
    assert all(len(line) < 80 for line in lines)
    assert f"{STEP}: 100 of 100" in lines  # never more than all


def test_a_terminal_is_left_as_it_was() -> None:
    written = shown(terminal=True)
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")  # the cursor shows again


def test_a_terminal_is_left_as_it_was_where_the_process_ends_at_once() -> None:
    file = io.StringIO()
    display = StartDisplay(Printer(file=file, force_terminal=True, width=80)).__enter__()
    display.show("starting the engines")
    display.end()
    written = file.getvalue()
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")
    display.show("starting the engines")  # from a thread that does not know yet
    assert file.getvalue() == written
