"""The command as a user types it: a process of its own, its words and its exit status."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from engines.accompaniment.style_lookup import SHIPPED_STYLES
from tests.ports import free_port
from tests.waiting import HANG_S

ROOT = Path(__file__).parent.parent
EXAMPLES = ("sideman ", "echo ")
"""Beginnings of the lines of help that are commands to type, and no sentences."""
WRAPPED = 60
"""A line of help that was wrapped at 80 columns is at least so long."""


def sideman(*arguments: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``sideman`` with a settings folder of its own, on a server that does not exist."""
    env = os.environ | {"COLUMNS": "80", "JACK_NO_START_SERVER": "1", "JACK_DEFAULT_SERVER": "sideman-no-such-server"}
    env["SIDEMAN_CONFIG_HOME"] = str(home or ROOT / "tests" / "no-such-folder")
    command = [sys.executable, "-m", "bridge.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=HANG_S, cwd=ROOT, check=False)


COMMANDS: Sequence[tuple[str, ...]] = (
    (), ("run",), ("demo",), ("latency",), ("controls",), ("preset",), ("preset", "save"), ("doctor",),
    ("devices",),
    ("preset", "load"), ("preset", "list"), ("preset", "show"), ("preset", "diff"), ("preset", "rename"),
    ("preset", "delete"), ("bench",), ("bench", "callback"), ("bench", "separation"),
    ("bench", "accompaniment"), ("separate",), ("analyze",), ("accompany",), ("models",), ("models", "add"),
    ("export",), ("batch",), ("batch", "status"),
    ("scene",), ("scene", "list"), ("scene", "show"), ("scene", "save"), ("scene", "restore"), ("scene", "delete"),
    ("models", "get"), ("models", "list"), ("models", "verify"), ("models", "remove"), ("learn",), ("controllers",),
    ("tui",),
    ("service",), ("chain",), ("chain", "list"), ("chain", "show"), ("chain", "diff"), ("chain", "effects"),
    ("bench", "render"), ("render",), ("chain", "capture"), ("chain", "check"),
    ("chain", "blocked"), ("chain", "unblock"), ("chain", "render"), ("chain", "copy"),
)  # fmt: skip


PRINT_HELP = """
import contextlib, io, json, sys
from bridge import cli, commands
commands.add_commands(cli.app, (cli.bench_app, cli.preset_commands.app, cli.scene_commands.app))
printed = []
for words in json.load(sys.stdin):
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()) as out:
        cli.app([*words, "--help"])
    printed.append(out.getvalue())
json.dump(printed, sys.stdout)
"""
"""Script that prints the help of many commands: a process for each would take a minute."""


@pytest.fixture(scope="module")
def help_texts() -> dict[tuple[str, ...], str]:
    """The help of each command, by its words."""
    words = list(COMMANDS)
    done = subprocess.run(
        [sys.executable, "-c", PRINT_HELP], input=json.dumps(words), capture_output=True, text=True,
        env=os.environ | {"COLUMNS": "80"}, timeout=HANG_S, cwd=ROOT, check=True,
    )  # fmt: skip
    return dict(zip(words, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("group", [(), ("preset",), ("scene",), ("bench",), ("models",), ("chain",)], ids=" ".join)
def test_every_command_that_the_help_lists_is_tested(
    group: tuple[str, ...], help_texts: dict[tuple[str, ...], str]
) -> None:
    listed = re.findall(r"^│ ([a-z]+)  ", help_texts[group], re.MULTILINE)
    assert sorted(listed) == sorted(words[-1] for words in COMMANDS if words and words[:-1] == group)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: " ".join(words) or "sideman")
def test_every_command_explains_itself_in_80_columns(
    command: tuple[str, ...], help_texts: dict[tuple[str, ...], str]
) -> None:
    text = help_texts[command]
    assert "Usage: sideman" in text
    lines = text.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert not re.search(r"^│ \*? +[A-Z]+ +--", text, re.MULTILINE)  # an argument has one name, and no option's
    described = [
        line.rstrip() for line in lines[1 : next((i for i, line in enumerate(lines) if "╭" in line), len(lines))]
    ]
    sentences = [line for line in described if not line.startswith(EXAMPLES)]
    broken = [line for line in sentences if line and len(line) < WRAPPED and line[-1] not in ".:"]
    assert broken == [], "a line of the docstring ends within a sentence"


def test_the_page_of_controls_is_what_the_command_prints() -> None:
    done = sideman("controls", "--markdown")
    assert done.returncode == 0
    page = (ROOT / "docs" / "controls.md").read_text()
    assert page == done.stdout, "run: sideman controls --markdown > docs/controls.md"


def test_a_users_style_is_a_choice_but_not_on_the_page_and_a_broken_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "styles").mkdir()
    style = 'schema = 1\nname = "x"\n[bass]\npatterns = [{ level = 0.5, line = "R---------------" }]\n'
    (tmp_path / "styles" / "zouk.toml").write_text(style)
    (tmp_path / "styles" / "broken.toml").write_text(style.replace("R", "Q"))
    done = sideman("controls", "--json", home=tmp_path)
    values = {one["name"]: one["value"] for one in json.loads(done.stdout)["controls"]}
    assert values["accompaniment.band.style"]["enum"] == [*SHIPPED_STYLES, "zouk"]
    assert "broken.toml:bass:patterns[0].line:step1" in "".join(done.stderr.split())  # however its lines are wrapped
    assert sideman("controls", "--markdown", home=tmp_path).stdout == (ROOT / "docs" / "controls.md").read_text()


def test_controls_as_json_hold_every_address_with_range_and_default() -> None:
    listed = json.loads(sideman("controls", "--json").stdout)
    gains = {one["address"]: one["value"] for one in listed["controls"]}
    assert gains["/stems/vocals/gain_db"]["minimum"] == -60
    assert gains["/stems/vocals/gain_db"]["maximum"] == 12


def test_latency_is_declared_without_a_server() -> None:
    ledger = json.loads(sideman("latency", "--json", "--rate", "48000", "--period", "256").stdout)
    paths = {path["name"]: path for path in ledger["paths"]}
    drums = paths["drums"]
    assert drums["declared"] == sum(drums[part] for part in ("model", "buffering", "reserve", "user_offset", "insert"))
    assert paths["accompaniment"]["declared"] == 0
    ports = {"drums", "bass", "vocals", "other", "mix", "band", "accompaniment", "chords", "beats", "clock"}
    assert ports | {"onsets", "notes"} == set(paths)


def test_run_without_a_server_says_what_to_start() -> None:
    done = sideman("run", "--port", str(free_port()))
    assert done.returncode == 1
    assert "sideman-no-such-server" in done.stderr
    assert "jackd" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("option", "name"),
    [("--client", "a:b"), ("--client", "a\nb"), ("--client", "x" * 40), ("--server", "../a"), ("--server", "a:b")],
)
def test_run_refuses_a_name_that_jack_takes_otherwise(option: str, name: str) -> None:
    done = sideman("run", option, name)
    assert done.returncode == 2
    assert f"jack: {option[2:]} {name!r}:" in done.stderr
    assert "give another name" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_settings_file_is_named_with_the_key_and_the_fix(tmp_path: Path) -> None:
    (tmp_path / "sideman.toml").write_text("schema = 1\n[osc]\nprot = 9000\n")
    done = sideman("run", home=tmp_path)
    assert done.returncode == 2
    assert "sideman.toml" in done.stderr
    assert "osc.prot" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_engine_that_is_not_registered_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    (tmp_path / "sideman.toml").write_text('schema = 1\n[engines]\nseparation = "separation.dps"\n')
    done = sideman("latency", home=tmp_path)
    assert done.returncode == 2
    assert "did you mean separation.dsp?" in done.stderr


def test_shipped_presets_are_listed() -> None:
    assert "karaoke" in sideman("preset", "list").stdout


def test_loading_a_preset_without_a_running_sidecar_says_so() -> None:
    done = sideman("preset", "load", "karaoke", "--port", "9")
    assert done.returncode == 1
    assert "sideman run" in done.stderr


def test_doctor_reports_the_missing_server_and_fails() -> None:
    done = sideman("doctor", "--json")
    assert done.returncode == 1
    findings = {one["name"]: one for one in json.loads(done.stdout)["findings"]}
    assert findings["JACK server"]["state"] == "missing"
    assert findings["JACK server"]["fix"]


def test_an_unreadable_song_is_refused_before_anything_starts(tmp_path: Path) -> None:
    song = tmp_path / "broken.wav"
    song.write_bytes(b"this is no audio")
    done = sideman("demo", str(song), "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert "broken.wav" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def without_libjack(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run ``sideman`` where libjack cannot be found."""
    script = (
        "import sys; import bridge.drivers.libjack as libjack; libjack.library_name = lambda: None\n"
        f"sys.argv[1:] = {list(arguments)!r}\nfrom bridge.cli import main; main()"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=folder, env=env, timeout=HANG_S, check=False
    )


@pytest.mark.parametrize("command", [("latency",), ("controls",), ("preset", "list")], ids=" ".join)
def test_what_needs_no_jack_works_without_libjack(command: tuple[str, ...], tmp_path: Path) -> None:
    done = without_libjack(command, tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [("run",), ("demo",), ("latency", "--measure")], ids=" ".join)
def test_what_needs_jack_says_how_to_install_it(command: tuple[str, ...], tmp_path: Path) -> None:
    port = ("--port", str(free_port())) if command == ("run",) else ()
    done = without_libjack((*command, *port), tmp_path)
    assert done.returncode == 1
    assert "apt install jackd2" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_beyond_this_machine_needs_a_list_and_a_token_before_anything_starts(tmp_path: Path, host: str) -> None:
    (tmp_path / "sideman.toml").write_text(f'schema = 1\n[osc]\nhost = "{host}"\n[lan]\ntoken = " "\n')
    done = sideman("run", "--lan", home=tmp_path)
    assert done.returncode == 2
    assert "without an allow-list and a token" in done.stderr
    assert "no JACK server" not in done.stderr


def test_a_preset_that_is_not_there_is_said_before_anything_starts() -> None:
    done = sideman("run", "--preset", "no-such-preset")
    assert done.returncode == 2
    assert "no-such-preset" in done.stderr
    assert "no JACK server" not in done.stderr


def test_the_app_starts_without_the_rest_of_the_command_line() -> None:
    code = "import sys; sys.argv[1:] = ['tui', '--help']\nfrom bridge.__main__ import main\n"
    check = "import atexit; atexit.register(lambda: print('bridge.cli' in sys.modules, sys.argv[0].split()[-1]))\n"
    done = subprocess.run(
        [sys.executable, "-c", code + check + "main()"], capture_output=True, text=True, timeout=HANG_S, check=False
    )
    assert "Usage: sideman tui" in done.stdout
    assert done.stdout.splitlines()[-1] == "False tui"
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
