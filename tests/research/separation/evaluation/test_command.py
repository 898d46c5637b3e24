"""`python -m research.separation.evaluation` on a folder of stems of one's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile

from bridge.core.audio import STEMS
from bridge.errors import ConfigError
from research.common.docs_tables import replace_part
from research.separation.evaluation.__main__ import app
from tests.research.separation.evaluation.made_up import RATE, made_up_song


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    song = made_up_song()
    (tmp_path / "song").mkdir()
    for stem, wave in zip(STEMS, song.truth, strict=True):
        soundfile.write(tmp_path / "song" / f"{stem}.flac", wave.T, RATE)
    return tmp_path


def run(*arguments: str) -> None:
    app(list(arguments), result_action="return_value", exit_on_error=False)


def test_the_baselines_the_dsp_engine_and_the_steps_stand_in_one_table(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("--folder", str(folder), "--steps", "consistency", "--seconds", "0.5", "--json")
    table = json.loads(capsys.readouterr().out)["table"]
    assert [row["separator"] for row in table] == [
        "mixture/4",
        "oracle.grid",
        "oracle.bins",
        "separation.dsp",
        "separation.dsp+consistency",
    ]


def test_songs_from_two_places_or_none_is_an_error(folder: Path) -> None:
    with pytest.raises(ConfigError, match="songs from where"):
        run()
    with pytest.raises(ConfigError, match="songs from where"):
        run("--folder", str(folder), "--multitrack", str(folder))


def test_a_table_replaces_the_one_between_its_marks_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("above\n<!-- steps: begin -->\nold\n<!-- steps: end -->\nbelow\n", encoding="utf-8")
    replace_part(page, "steps", "new\n")
    assert page.read_text(encoding="utf-8") == "above\n<!-- steps: begin -->\nnew\n<!-- steps: end -->\nbelow\n"


def test_a_page_without_the_marks_is_left_as_it_was(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("above\n<!-- steps: begin -->\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="lacks the marks"):
        replace_part(page, "steps", "new\n")
    assert page.read_text(encoding="utf-8") == "above\n<!-- steps: begin -->\n"
