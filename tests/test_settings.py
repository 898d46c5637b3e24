"""Settings of `sideman run`: defaults, the user's file, and what is refused."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from bridge.errors import ConfigError
from bridge.measure import measure_new_sidecar
from bridge.settings import (
    NO_DEVICES,
    NO_JOBS,
    NO_OSCQUERY,
    AbletonSettings,
    AudioSettings,
    ClockSettings,
    DawSettings,
    EngineSettings,
    Settings,
    load_settings,
)

DOCS = Path(__file__).parent.parent / "docs"


def test_settings_are_the_defaults_where_no_file_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    settings = load_settings()
    assert settings == Settings()
    assert (settings.osc.host, settings.osc.port, settings.jack.client) == ("127.0.0.1", 9123, "sideman")
    assert settings.engines.separation == "separation.standard"


def test_settings_come_from_the_users_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    (tmp_path / "sideman.toml").write_text(
        'schema = 1\n[osc]\nport = 9000\n[lan]\nallow = ["10.0.0.0/8"]\ntoken = "t"\n'
    )
    settings = load_settings()
    assert (settings.osc.port, settings.lan.allow, settings.lan.token) == (9000, ("10.0.0.0/8",), "t")


def test_the_documented_file_has_every_key_with_its_default(tmp_path: Path) -> None:
    [block] = re.findall(r"```toml\n(.*?)```", (DOCS / "settings.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "sideman.toml").write_text(block, encoding="utf-8")
    assert load_settings(tmp_path / "sideman.toml") == Settings()
    written, every = tomllib.loads(block), msgspec.to_builtins(Settings())
    assert written.pop("schema") == every.pop("schema")
    assert {name: set(table) for name, table in written.items()} == {name: set(table) for name, table in every.items()}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[osc]\nport = 0", "osc.port"),
        ("[osc]\nport = 65536", "osc.port"),
        ('[lan]\nallow = ["everyone"]', "lan: 'everyone'"),
        ("[oscquery]\nport = 65536", "oscquery.port"),
        ('[jack]\nclient = ""', "jack.client"),
        ('[jack]\nserver = "studio"\nclient = "studio"', "equals the server's name"),
        ('[jack]\nclient = "default"', "equals the server's name"),
        ('[jack]\nclient = "a:b"', "client 'a:b': JACK gives : a meaning of its own"),
        ('[jack]\nclient = "a\\u0000b"', "cannot be printed"),
        ('[jack]\nclient = "a/b"', "client 'a/b': JACK gives / a meaning of its own"),
        ('[jack]\nclient = "   "', "space"),
        (f'[jack]\nclient = "{"x" * 33}"', "more than 32 bytes"),
        ('[jack]\nserver = "a:b"', "server 'a:b'"),
        ('[jack]\nserver = "../studio"', "server '../studio'"),
        ('[jack]\nserver = "a\\nb"', "cannot be printed"),
        ('[engines]\nsynthesis = "synth.plain"', "engines.synthesis: unknown key"),
        ('[controllers]\napi = "jack"', "controllers.api"),  # it would stand still, see ControllerSettings
        ('[clock]\nsource = "smpte"', "clock: source 'smpte': give one of auto, jack, midi, mtc, link, internal"),
        ("[clock]\nmtc_start_s = -1", "clock.mtc_start_s"),
        ("[ableton]\nhub_port = 11001", "what is sent would come back"),
        ('[ableton]\nclients = ["localhost:11001"]', "client 'localhost:11001' has a port of this table"),
        ('[ableton]\nclients = ["[::1]:11000"]', "what is sent would come back"),
        ('[ableton]\nclients = ["11003"]', "give an address and a port"),
        ("[ableton]\nenabled = true\nhub_port = 9123", "osc.port 9123 is one of [ableton] too"),
        ('[ableton]\nenabled = true\nclients = ["0.0.0.0:9123"]', "osc.port 9123 is one of [ableton] too"),
        ("[engines]\nsynth = 1", "engines.synth: Expected `str`"),
    ],
)
def test_impossible_settings_are_errors(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "sideman.toml"
    path.write_text("schema = 1\n" + text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert place in caught.value.message


def test_an_unknown_role_is_answered_with_those_that_there_are(tmp_path: Path) -> None:
    path = tmp_path / "sideman.toml"
    path.write_text('schema = 1\n[engines]\nsynthesis = "synth.plain"\n', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert caught.value.hint == "keys here: separation, mir, accompaniment, synth"


def test_who_measures_leaves_the_devices_to_the_sidecar_that_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that two sidecars set up and left in turn would lose its lights and its mode."""
    started: list[Settings] = []
    given = Settings(
        engines=EngineSettings(separation="separation.dsp"),
        audio=AudioSettings("portaudio"),
        clock=ClockSettings(timebase_master=True),
        daw=DawSettings("ardour"),
        ableton=AbletonSettings(enabled=True),
    )

    def start(settings: Settings) -> None:
        started.append(settings)
        raise ConfigError("enough")

    monkeypatch.setattr("bridge.measure.Sidecar", start)
    with pytest.raises(ConfigError, match="enough"):
        measure_new_sidecar(given, "some-server", 48000, 128)
    assert started[0].controllers == NO_DEVICES
    assert started[0].jobs == NO_JOBS
    assert started[0].oscquery == NO_OSCQUERY
    assert started[0].engines == given.engines
    default = Settings()
    assert (started[0].clock, started[0].daw, started[0].ableton) == (default.clock, default.daw, default.ableton)
    assert started[0].audio == default.audio, "the server is JACK's"
