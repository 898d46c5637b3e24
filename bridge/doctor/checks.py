"""All checks of the doctor, in the order in which one would fix problems."""

from __future__ import annotations

import os

import msgspec

from bridge.doctor import controller_checks, insert_checks, jack_checks, machine_checks, nsm_checks, pipewire_checks
from bridge.doctor.ableton_checks import check_ableton
from bridge.doctor.clock_checks import check_clock_input
from bridge.doctor.daw_checks import check_daw
from bridge.doctor.finding import Finding
from bridge.doctor.link_checks import check_link
from bridge.doctor.oscquery_checks import check_oscquery
from bridge.doctor.portaudio_checks import check_portaudio, excuse_jack
from bridge.doctor.secrets import check_settings_file
from bridge.settings import Settings, settings_path

_SETUP = "make setup"


def run_checks(settings: Settings | None = None, *, song_rate: int | None = None) -> list[Finding]:
    """Look at everything that ``sideman run`` with these settings needs; takes a second or two.

    ``song_rate`` in Hz: of a file to be played on the server.
    """
    settings = settings or Settings()
    engines = [name for name in msgspec.structs.asdict(settings.engines).values() if name]
    libjack = jack_checks.check_libjack()
    server, figures = jack_checks.check_server(settings.jack.server, settings.jack.client)
    engine_finding, engine_rates = machine_checks.check_engines(engines)
    used = {name: engine_rates.get(name, ()) for name in engines}
    findings = [
        machine_checks.check_python(),
        libjack,
        jack_checks.check_jackd(server_runs=figures is not None),
        server,
        pipewire_checks.check_pipewire(figures),
        check_portaudio(settings.audio),
        jack_checks.check_rates(figures.rate if figures else None, used, song_rate),
        jack_checks.check_shared_memory(),
        *machine_checks.check_rights(),
        machine_checks.check_governor(),
        machine_checks.check_semaphores(),
        machine_checks.check_numba_cache(),
        engine_finding,
        *machine_checks.check_lacks(engines),
        machine_checks.check_midi(),
        machine_checks.check_import(
            "python-rtmidi", "rtmidi", "MIDI controllers", f"sudo apt-get install libasound2, then {_SETUP}"
        ),
        controller_checks.check_controllers(settings),
        check_ableton(settings.ableton),
        check_link(),
        check_clock_input(figures, settings.jack.client),
        check_daw(settings.daw),
        machine_checks.check_import(
            "soundfile",
            "soundfile",
            "audio files",
            f"sudo apt-get install libsndfile1 (macOS: brew install libsndfile), then {_SETUP}",
        ),
        machine_checks.check_import(
            "ONNX Runtime", "onnxruntime", "learned engines", _SETUP, machine_checks.describe_providers
        ),
        insert_checks.check_inserts(),
        machine_checks.check_osc_port(settings.osc.host, settings.osc.port),
        check_oscquery(settings),
        nsm_checks.check_session_manager(os.environ),
        check_settings_file(settings_path(), bool(settings.lan.token)),
    ]
    return excuse_jack(findings, settings.audio)
