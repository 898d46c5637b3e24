"""The latency card: the right numbers, in the right place, honestly labelled."""

from __future__ import annotations

import io

import pytest

from bridge.core.latency import SENDS, Ledger, Path
from bridge.core.role import ROLES
from bridge.daw.latency_card import collect_figures, format_text, make_cards, make_ledger_table, summarise
from bridge.printing import Printer


@pytest.fixture
def ledger() -> Ledger:
    """Five audio paths, one of them set apart by the user's offset, and a part that is on time."""
    ledger = Ledger(rate=44100, period=128)
    for name in ("drums", "bass", "vocals", "other"):
        ledger.declare(Path(name, (f"{name}_1", f"{name}_2"), 512, 384, 512, period=128))
    ledger.declare(Path("mix", ("mix_1", "mix_2"), 512, 384, 512, user_offset=10, period=128))
    ledger.declare(Path("accompaniment", ("accompaniment",), -1408, 384, 1024, period=128))
    return ledger


def test_paths_of_the_same_delay_share_a_figure_and_midi_has_none(ledger: Ledger) -> None:
    found = collect_figures(ledger)
    assert [f.paths for f in found] == [("drums", "bass", "vocals", "other"), ("mix",)]
    assert [f.declared for f in found] == [1408, 1418]


def test_an_insert_is_set_to_what_is_declared_and_one_period(ledger: Ledger) -> None:
    assert [f.round_trip for f in collect_figures(ledger)] == [1536, 1546]


def test_a_path_without_a_period_of_its_own_takes_the_servers() -> None:
    ledger = Ledger(rate=48000, period=256)
    ledger.declare(Path("mix", ("mix_1", "mix_2"), 0, 100, 0))
    assert collect_figures(ledger)[0].round_trip == 356


def test_every_daw_has_a_card_and_only_jack_is_called_tried(ledger: Ledger) -> None:
    made = make_cards(ledger)
    assert [c.daw for c in made] == ["JACK client", "Ableton Live", "Logic Pro", "Reaper", "Ardour", "Bitwig Studio"]
    assert [c.daw for c in made if c.tried] == ["JACK client"]
    assert [c.daw for c in made if c.automatic] == ["JACK client", "Ardour"]


def test_where_a_daw_measures_the_card_gives_the_ping_address(ledger: Ledger) -> None:
    steps = {c.daw: " ".join(c.steps) for c in make_cards(ledger)}
    for daw in ("Logic Pro", "Reaper", "Ardour"):
        assert "/latency/drums/ping 1" in steps[daw]
        assert "/latency/drums/ping 0" in steps[daw]


def test_each_daw_that_reads_port_latencies_is_given_its_value_of_the_setting(ledger: Ledger) -> None:
    made = {c.daw: c for c in make_cards(ledger)}
    assert [daw for daw, c in made.items() if c.sends] == ["JACK client", "Reaper", "Ardour", "Bitwig Studio"]
    for card in made.values():
        assert card.sends in ("", *SENDS)
        assert bool(card.sends) == any(f"Keep /latency/jack/sends at {card.sends} " in step for step in card.steps)
    assert "counts the delay twice" in " ".join(made["Ardour"].steps)


def test_live_and_logic_have_a_line_on_the_device_between(ledger: Ledger) -> None:
    assert [c.daw for c in make_cards(ledger) if any("has no JACK support" in s for s in c.steps)] == [
        "Ableton Live",
        "Logic Pro",
    ]


def test_the_text_says_samples_and_milliseconds_within_80_columns(ledger: Ledger) -> None:
    shown = format_text(make_cards(ledger))
    assert "type 1536 samples or 34.83 ms for drums, bass, vocals, other" in shown
    assert "type 1546 samples or 35.06 ms for mix" in shown
    assert "Ableton Live: External Audio Effect, Hardware Latency - untried" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_ledger_without_audio_says_so() -> None:
    assert "No audio path is declared." in format_text(make_cards(Ledger(rate=44100, period=128)))


def test_the_summary_has_every_path_once_with_the_delays_first(ledger: Ledger) -> None:
    lines = summarise(ledger)
    names = [name for line in lines for name in line.split("  ", 1)[1].split(", ")]
    assert sorted(names) == sorted(path.name for path in ledger)
    for path in ledger:
        (line,) = [one for one in lines if path.name in one.split("  ", 1)[1].split(", ")]
        start = f"{1000 * path.declared / ledger.rate:.2f} ms" if path.declared else "in time"
        assert line.startswith(start)
    assert all(len(line) <= 78 for line in lines)


@pytest.mark.parametrize("is_measured", [False, True])
@pytest.mark.parametrize("insert", [0, 992])
def test_the_ledger_has_every_path_in_one_line_of_80_columns(insert: int, is_measured: bool) -> None:
    ledger = Ledger(rate=192000, period=1024)
    names = [path.name for role in ROLES.values() for path in role.paths]
    for name in names:
        ledger.declare(Path(name, (name,), 4096, 1024, 2048, 0, 1024, upstream=4096, insert=insert))
        if is_measured:
            ledger.set_measured(name, 9876)
    ledger.declare(Path("onsets", (), 4096, 1024, 2048))
    page = io.StringIO()
    Printer(file=page, width=80, color_system=None).print(make_ledger_table(ledger))
    lines = [line.split() for line in page.getvalue().splitlines() if line.strip()]
    heading = lines[0]
    assert ("insert" in heading, "measured" in heading) == (insert > 0, is_measured)
    rows = {line[0]: line for line in lines[2:]}
    assert rows.keys() - {"-:"} == {*names, "onsets"}
    assert all(len(row) == len(heading) for name, row in rows.items() if name != "-:")
    assert ("-:" in rows) is is_measured, "why a path has no measured delay"


def test_the_round_trip_is_not_called_as_the_live_inserts_are(ledger: Ledger) -> None:
    assert "= round trip" in format_text(make_cards(ledger))
    assert "= insert" not in format_text(make_cards(ledger))
