"""Printer: data as it is, in any encoding, to any output, whole at 80 columns."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given
from rich.console import Group, RenderableType
from rich.progress import Progress
from rich.text import Text

from bridge.bench.callback import Result
from bridge.bench.callback import table as bench_table
from bridge.core.latency import Ledger
from bridge.core.latency import Path as DelayPath
from bridge.daw.latency_card import make_ledger_table
from bridge.doctor.finding import Finding
from bridge.doctor.finding import render as findings
from bridge.printing import Printer, columns, one_line, progress_text, visible
from bridge.runtime.counters import Percentiles
from tests.waiting import HANG_S

HOSTILE = (
    "[/x]",
    "[red]",
    "[bold red]!",
    ":smile:",
    "\x1b[31mred",
    "a\nb",
    "\u202egpj.exe",
    "\x9b2J",
    "[link=x]y",
    "\\[/b]",
)
ENCODINGS = ("ascii", "latin-1", "cp1252", "cp437", "utf-8", "utf-16")


def printed(what: RenderableType, encoding: str = "utf-8", width: int = 80) -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)  # strict: whatever it lacks would be an error
    Printer(file=stream, width=width).print(what)
    stream.flush()
    return raw.getvalue().decode(encoding).replace("\r\n", "\n")


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("shape", [str, Text, lambda name: Group(Text.assemble("a ", (name, "red")), name)])
def test_data_is_printed_as_it_is(name: str, shape: Callable[[str], RenderableType]) -> None:
    assert printed(shape(one_line(name))).splitlines()[-1].strip() == one_line(name)
    assert visible(name) in printed(shape(name))


@pytest.mark.parametrize("name", HOSTILE)
def test_data_in_cells_and_titles_is_printed_as_it_is(name: str) -> None:
    table = columns(one_line(name), "figure", title=one_line(name))
    table.add_row(one_line(name), Text(one_line(name)))
    assert printed(table).count(one_line(name)) == 4


@pytest.mark.parametrize("name", HOSTILE)
def test_what_shows_how_far_a_work_is_takes_any_name(name: str) -> None:
    page = io.StringIO()
    console = Printer(file=page, width=200, force_terminal=True, color_system=None)
    with Progress(progress_text("{task.description}"), console=console) as progress:
        progress.add_task(one_line(name), total=1)
    with console.status(one_line(name)) as status:
        status.update(one_line(name))
    assert one_line(name) in page.getvalue()


@given(st.text(max_size=40))
def test_nothing_that_is_printed_steers_the_terminal(text: str) -> None:
    for shape in (text, Text(text), Text.assemble("x", (text, "red"))):
        shown = printed(shape)
        assert not [c for c in shown if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u202e\u2028")]
    assert "\n" not in one_line(text)


def test_one_name_is_one_line_and_bytes_that_are_no_text_are_spelt_out() -> None:
    assert one_line("a\tb\r\n\x1b[0m") == "a\\tb\\x0d\\n\\x1b[0m"
    assert one_line(b"Bj\xf6rk".decode("utf-8", "surrogateescape")) == "Bj\\xf6rk"


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_every_encoding_takes_every_text(encoding: str, text: str) -> None:
    printed(text, encoding)
    table = columns("name", "figure", title=text)
    table.add_row(text, Text(text, "red"))
    printed(table, encoding)


def test_what_an_encoding_lacks_has_a_likeness_or_its_escape() -> None:
    assert printed("23 µs → … – ×2 Bj\u00f8rk \u9f3b", "ascii") == "23 us -> ... - x2 Bj\\xf8rk \\u9f3b\n"
    assert printed("Bj\u00f8rk – C♯", "latin-1") == "Bj\u00f8rk - C#\n"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_boxes_are_drawn_in_what_the_encoding_has(encoding: str) -> None:
    lines = printed(make_ledger_table(wide_ledger()), encoding).splitlines()
    rule = next(line for line in lines if "---" in line or "───" in line)
    assert ("─" in rule) == encoding.startswith("utf")
    assert all(len(line) <= 80 for line in lines)


def wide_ledger() -> Ledger:
    """Longer figures than any setting gives."""
    ledger = Ledger(192000, 8192)
    for name in ("accompaniment", "drums"):
        ports = (f"{name}_1", f"{name}_2")
        ledger.declare(DelayPath(name, ports, -123456, 16384, 123456, 12345, 8192, upstream=123456, insert=24576))
    ledger.set_measured("drums", 1234567)
    return ledger


def bench_results() -> list[Result]:
    spent = Percentiles(123.0, 234.0, 345.0, 2047.0, 130.0, 123456)
    return [Result(1024, "native", spinner, 123456, 123456, 12345, spent) for spinner in (True, False)]


TABLES: dict[str, Callable[[], RenderableType]] = {
    "ledger": lambda: make_ledger_table(wide_ledger()),
    "bench": lambda: bench_table(bench_results(), 192000),
    "findings": lambda: findings([Finding("real-time scheduling", "missing", "word " * 40, "/a" * 100)]),
    "any": lambda: columns_with_long_cells(),
}


def columns_with_long_cells() -> RenderableType:
    table = columns("name", "from", "what it does", left=("from", "what it does"))
    table.add_row("n" * 100, "o" * 100, "d " * 100)
    return table


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_whole_at_80_columns(name: str) -> None:
    shown = printed(TABLES[name]())
    assert "…" not in shown
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_a_cell_is_never_cut() -> None:
    table = columns("name", "figure")
    table.add_row("n" * 300, "9" * 50)
    shown = printed(table)
    assert (shown.count("n") - 1, shown.count("9")) == (300, 50)


@pytest.mark.parametrize("line", ["stems are " * 30, Text("stems are " * 30, "red")])
def test_a_long_line_goes_on_after_a_word_on_a_terminal_and_is_one_line_in_a_file(line: str | Text) -> None:
    page, file = io.StringIO(), io.StringIO()
    Printer(file=page, width=80, force_terminal=True, color_system=None).say(line)
    Printer(file=file, width=80).say(line)
    assert file.getvalue().count("\n") == 1
    shown = page.getvalue().splitlines()
    assert len(shown) > 1
    assert all(len(one) <= 80 for one in shown)
    assert {word for one in shown for word in one.split()} == {"stems", "are"}


def test_names_of_files_in_tables_come_out_escaped(tmp_path: Path) -> None:
    table = columns("song")
    table.add_row(one_line(tmp_path / "[/x]\x1b.wav"))
    assert "[/x]\\x1b.wav" in printed(table).replace("\n", "").replace(" ", "")


@pytest.mark.parametrize("worker", [False, True])
def test_the_log_shows_data_as_it_is_and_steers_no_terminal(worker: bool) -> None:
    set_up = "log.setup_worker()" if worker else "log.setup()"
    script = f"import logging; from bridge import log; {set_up}; logging.warning('%s', '[/x] :smile: \\x1b[2J \u266d')"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, timeout=HANG_S,
        env=os.environ | {"PYTHONIOENCODING": "ascii", "COLUMNS": "120"},
    )  # fmt: skip
    assert b"[/x] :smile: \\x1b[2J b" in done.stderr


def test_a_library_that_hangs_does_not_hold_up_the_end_and_what_runs_at_exit_runs() -> None:
    code = """
import atexit, threading
from bridge.errors import BridgeError
from bridge.printing import exit_after
class Hung(BridgeError):
    is_bad_input, is_hung = False, True
def act():
    atexit.register(print, "tidied up")
    threading.Thread(target=threading.Event().wait).start()
    raise Hung("it does not let us go")
exit_after(act, "sideman")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANG_S, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "tidied up\n", "sideman: it does not let us go\n")
