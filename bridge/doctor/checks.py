"""All checks of the doctor, in the order in which one would fix problems."""

from __future__ import annotations

import os
from collections.abc import Callable

import msgspec

from bridge.doctor import controller_checks, insert_checks, jack_checks, machine_checks, nsm_checks, pipewire_checks
from bridge.doctor.ableton_checks import check_ableton
from bridge.doctor.clock_checks import check_clock_input
from bridge.doctor.daw_checks import check_daw
from bridge.doctor.finding import Finding
from bridge.doctor.link_checks import check_link
from bridge.doctor.mcu_checks import check_mcu
from bridge.doctor.osc_checks import check_osc
from bridge.doctor.oscquery_checks import check_oscquery
from bridge.doctor.portaudio_checks import check_portaudio, excuse_jack
from bridge.doctor.secrets import NAME as SETTINGS_FILE
from bridge.doctor.secrets import check_settings_file
from bridge.doctor.systemd_checks import check_systemd
from bridge.errors import ConfigError
from bridge.failures import explain
from bridge.settings import Settings, settings_path

_SETUP = "make setup"


def run_checks(
    settings: Settings | None = None, *, song_rate: int | None = None, refused: ConfigError | None = None
) -> list[Finding]:
    """Look at everything that ``sideman run`` with these settings needs; takes a second or two.

    ``song_rate`` in Hz: of a file to be played on the server. ``refused``: why the user's settings cannot be read; the
    defaults are checked instead.
    """
    settings = settings or Settings()
    engines = [name for name in msgspec.structs.asdict(settings.engines).values() if name]
    server, figures = jack_checks.check_server(settings.jack.server, settings.jack.client)
    engine_finding, engine_rates = machine_checks.check_engines(engines)
    used = {name: engine_rates.get(name, ()) for name in engines}
    libsndfile = f"sudo apt-get install libsndfile1 (macOS: brew install libsndfile), then {_SETUP}"
    libasound = f"sudo apt-get install libasound2, then {_SETUP}"
    describe = machine_checks.describe_providers
    checks: tuple[tuple[str, Callable[[], Finding | list[Finding]]], ...] = (
        ("Python", machine_checks.check_python),
        (SETTINGS_FILE, lambda: check_settings(settings, refused)),
        ("libjack", jack_checks.check_libjack),
        ("jackd", lambda: jack_checks.check_jackd(server_runs=figures is not None)),
        ("JACK server", lambda: server),
        ("PipeWire", lambda: pipewire_checks.check_pipewire(figures)),
        ("PortAudio", lambda: check_portaudio(settings.audio)),
        ("rates", lambda: jack_checks.check_rates(figures.rate if figures else None, used, song_rate)),
        ("shared memory", jack_checks.check_shared_memory),
        ("realtime", machine_checks.check_rights),
        ("CPU governor", machine_checks.check_governor),
        ("semaphores", machine_checks.check_semaphores),
        ("compiled callback", machine_checks.check_numba_cache),
        ("engines", lambda: [engine_finding, *machine_checks.check_lacks(engines)]),
        ("soundfile", lambda: machine_checks.check_import("soundfile", "soundfile", "audio files", libsndfile)),
        (
            "ONNX Runtime",
            lambda: machine_checks.check_import("ONNX Runtime", "onnxruntime", "learned engines", _SETUP, describe),
        ),
        (insert_checks.NAME, insert_checks.check_inserts),
        ("MIDI", machine_checks.check_midi),
        ("python-rtmidi", lambda: machine_checks.check_import("python-rtmidi", "rtmidi", "MIDI devices", libasound)),
        ("controllers", lambda: controller_checks.check_controllers(settings)),
        ("Mackie Control", lambda: check_mcu(settings)),
        ("MIDI clock in", lambda: check_clock_input(figures, settings.jack.client)),
        ("Ableton Link", check_link),
        ("Ableton Live", lambda: check_ableton(settings.ableton)),
        ("DAW over OSC", lambda: check_daw(settings.daw)),
        ("OSC port", lambda: check_osc(settings)),
        ("OSCQuery", lambda: check_oscquery(settings)),
        (nsm_checks.NAME, lambda: nsm_checks.check_session_manager(os.environ)),
        ("systemd unit", check_systemd),
    )
    findings = [finding for name, check in checks for finding in run_check(name, check)]
    return excuse_jack(findings, settings.audio)


def run_check(name: str, check: Callable[[], Finding | list[Finding]]) -> list[Finding]:
    """What ``check`` finds; that it cannot look is a finding too, and the next ones are tried."""
    try:
        found = check()
    except ImportError as error:
        return [Finding(name, "warn", f"cannot be checked: {error}", _SETUP)]
    except Exception as error:  # noqa: BLE001  (whatever is broken on a machine, the other checks are made)
        known = explain(error)
        return [Finding(name, "warn", f"cannot be checked: {known.message}", known.hint)]
    return found if isinstance(found, list) else [found]


def check_settings(settings: Settings, refused: ConfigError | None) -> Finding:
    """The user's file: why it is ``refused``, else who can read and change it."""
    if refused is not None:
        detail = f"{refused.message}; all that follows is looked at with the defaults"
        return Finding(SETTINGS_FILE, "missing", detail, refused.hint)
    return check_settings_file(settings_path(), bool(settings.lan.token))
