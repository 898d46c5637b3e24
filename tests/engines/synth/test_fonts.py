"""Sound font search: the font that is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import ConfigError
from engines.synth import fonts


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Path, Path]:
    """The user's folder and the system's, empty."""
    mine, system = tmp_path / "fonts", tmp_path / "system"
    mine.mkdir()
    system.mkdir()
    monkeypatch.delenv(fonts.VARIABLE, raising=False)
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(fonts, "FONT_FOLDERS", (str(tmp_path / "missing"), str(system)))
    return mine, system


def test_a_font_of_the_users_own_wins_over_the_systems(places: tuple[Path, Path]) -> None:
    mine, system = places
    (system / "FluidR3_GM.sf2").touch()
    assert fonts.find_font() == system / "FluidR3_GM.sf2"
    (mine / "odd.SF3").touch()
    assert fonts.find_font() == mine / "odd.SF3"


def test_among_the_systems_the_ones_known_to_be_good_come_first(places: tuple[Path, Path]) -> None:
    _, system = places
    for name in ("Aaa.sf2", "TimGM6mb.sf2", "FluidR3_GM.sf2", "notes.txt"):
        (system / name).touch()
    assert fonts.find_font().name == "FluidR3_GM.sf2"


def test_the_environment_names_one_and_a_wrong_name_is_an_error(
    places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    named = tmp_path / "named.sf2"
    monkeypatch.setenv(fonts.VARIABLE, str(named))
    with pytest.raises(ConfigError, match=r"named\.sf2"):
        fonts.find_font()
    named.touch()
    assert fonts.find_font() == named


def test_where_there_is_none_the_error_says_what_to_install_and_where_to_put_it(places: tuple[Path, Path]) -> None:
    with pytest.raises(ConfigError) as raised:
        fonts.find_font()
    assert "fluid-soundfont-gm" in raised.value.hint
    assert str(places[0]) in raised.value.hint
