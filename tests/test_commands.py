"""Commands that packages add: as a user types them, from packages that are installed for the test only."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.waiting import HANG_S

ROOT = Path(__file__).parent.parent

Run = Callable[..., subprocess.CompletedProcess[str]]

PACKAGE = '''
"""Says when it is imported, which calling for help must not do."""
import sys
from typing import Annotated
from cyclopts import App, Parameter

sys.stderr.write("toys imported\\n")


def juggle(*, balls: Annotated[int, Parameter(help="How many.")] = 3) -> int:
    """Throw balls about.

    And catch them again, all of them.
    """
    print(f"{balls} in the air")
    return 3 if balls > 9 else 0


box = App(name="box", help="What is in the box.")


@box.command
def open() -> None:
    """Open it."""
    print("a spring")


def bench_toys() -> None:
    """How fast toys are."""
    print("fast enough")


number = 7
'''


@pytest.fixture
def sideman(tmp_path: Path) -> Run:
    """Runs ``sideman`` beside a package "toys" that registers the commands given, a name and a value each."""

    def run(*arguments: str, **commands: str) -> subprocess.CompletedProcess[str]:
        metadata = tmp_path / "toys-1.0.dist-info"
        metadata.mkdir(exist_ok=True)
        (tmp_path / "toybox.py").write_text(PACKAGE)
        (tmp_path / "broken.py").write_text('"""Needs what is not there."""\nimport no_such_library\n')
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
        lines = [f"{name.replace('_', ' ')} = {value}" for name, value in commands.items()]
        (metadata / "entry_points.txt").write_text("\n".join(["[sideman.commands]", *lines]) + "\n")
        env = os.environ | {"COLUMNS": "80", "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
        env |= {"JACK_NO_START_SERVER": "1", "JACK_DEFAULT_SERVER": "sideman-no-such-server"}
        env["SIDEMAN_CONFIG_HOME"] = str(tmp_path / "no-settings")
        command = [sys.executable, "-m", "bridge.cli", *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, env=env, timeout=HANG_S, cwd=tmp_path, check=False
        )

    return run


def test_a_function_becomes_a_command_with_its_options_and_exit_status(sideman: Run) -> None:
    done = sideman("juggle", "--balls", "12", juggle="toybox:juggle")
    assert done.stdout == "12 in the air\n"
    assert done.returncode == 3


def test_a_command_explains_itself_whole(sideman: Run) -> None:
    done = sideman("juggle", "--help", juggle="toybox:juggle")
    assert done.returncode == 0
    assert "Usage: sideman juggle" in done.stdout
    assert "And catch them again" in done.stdout
    assert "How many." in done.stdout


def test_help_lists_commands_with_their_first_line_and_imports_none(sideman: Run) -> None:
    done = sideman("--help", juggle="toybox:juggle", box="toybox:box")
    assert done.returncode == 0
    for line in ("Throw balls about.", "What is in the box."):
        assert line in done.stdout
    assert "catch them" not in done.stdout
    assert "toys imported" not in done.stderr


def test_other_commands_import_none(sideman: Run) -> None:
    done = sideman("preset", "list", juggle="toybox:juggle", box="toybox:box")
    assert done.returncode == 0
    assert "toys imported" not in done.stderr


def test_no_model_runtime_is_loaded_for_help_and_what_run_needs(tmp_path: Path) -> None:
    script = (
        "import sys, bridge.app, bridge.cli as cli\n"
        "cli.commands.add_commands(cli.app, (cli.bench_app, cli.preset_commands.app, cli.scene_commands.app))\n"
        "cli.app('--help', result_action='return_value')\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('onnxruntime', 'engines', 'torch')])"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT), "SIDEMAN_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_app_brings_its_own_commands(sideman: Run) -> None:
    assert sideman("box", "open", box="toybox:box").stdout == "a spring\n"


def test_two_words_go_below_the_command_that_the_first_names(sideman: Run) -> None:
    toys = {"bench_toys": "toybox:bench_toys", "play_toys": "toybox:bench_toys"}
    assert sideman("bench", "toys", **toys).stdout == "fast enough\n"
    assert sideman("play", "toys", **toys).stdout == "fast enough\n"
    listed = sideman("bench", "--help", **toys).stdout
    assert "How fast toys are." in listed
    assert "callback" in listed


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("broken:thing", "no_such_library"),
        ("nowhere:thing", "nowhere"),
        ("toybox:thing", "thing"),
        ("toybox:number", "neither a function nor an App"),
        ("toybox:box", "calls itself 'box'"),
    ],
)
@pytest.mark.parametrize("arguments", [("--balls", "3"), ("--help",)], ids=" ".join)
def test_a_command_that_cannot_be_had_names_its_package_and_the_fix(
    sideman: Run, value: str, why: str, arguments: tuple[str, ...]
) -> None:
    done = sideman("thing", *arguments, thing=value)
    assert done.returncode == 2
    assert "package toys" in done.stderr
    assert why in done.stderr
    assert "update, fix or remove toys" in done.stderr
    assert "Traceback" not in done.stderr


def test_beside_a_broken_command_the_others_work_and_a_mistyped_one_is_named(sideman: Run) -> None:
    toys = {"thing": "broken:thing", "juggle": "toybox:juggle"}
    assert sideman("juggle", **toys).stdout == "3 in the air\n"
    assert "thing" in sideman("--help", **toys).stdout
    done = sideman("jugle", **toys)
    assert done.returncode != 0
    assert "jugle" in done.stderr + done.stdout
    assert "no_such_library" not in done.stderr


@pytest.mark.parametrize(("name", "why"), [("doctor", "there already"), ("a_b_c", "one or two words")])
def test_a_name_that_cannot_be_used_is_passed_over_with_a_warning(sideman: Run, name: str, why: str) -> None:
    done = sideman("doctor", "--help", **{name: "toybox:juggle"})
    assert done.returncode == 0
    assert "how to fix what is missing" in done.stdout
    assert why in done.stderr
    assert "toys" in done.stderr
