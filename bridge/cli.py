"""Command line ``sideman``: each subcommand parses its options and calls the module that does the work."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import ExitStack
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

import bridge
from bridge import commands, controller_commands, controls_command, log, preset_commands, scene_commands
from bridge.audio_options import USUAL_AUDIO, AudioOptions
from bridge.command_options import AsJson, OscPort, Server
from bridge.errors import ConfigError
from bridge.failures import explain
from bridge.number_text import check_option
from bridge.offline_options import RATES_HZ, OfflineOptions
from bridge.printing import FAILED, Printer, exit_after
from bridge.settings import NO_DEVICES, AudioSettings, Settings, load_settings, settings_path
from bridge.signals import Signals
from bridge.streams import write_json, write_out

app = App(
    name="sideman",
    version=bridge.__version__,
    help="Session player beside a DAW: separates stems, detects chords, and plays along, aligned to the frame.",
    help_format="plaintext",
    console=Printer(),
    error_console=Printer(stderr=True),
    default_parameter=Parameter(
        show_default=lambda value: (
            None if value in ("", False, 0, None, ()) else str(value)
        ),  # no default is shown for empty values
        json_list=False,  # a song may be called [live].wav
        json_dict=False,
    ),
)
bench_app = App(name="bench", help="Measure the figures in the documentation.")
app.command(bench_app)
app.command(preset_commands.app)
app.command(scene_commands.app)
app.command(controller_commands.learn)
app.command(controller_commands.controllers)
app.command(controls_command.controls)


def _settings(server: str = "", client: str = "") -> Settings:
    settings = load_settings()
    jack = settings.jack
    try:
        jack = msgspec.structs.replace(jack, server=server or jack.server, client=client or jack.client)
    except ValueError as error:
        raise ConfigError(f"jack: {error}", "give another name by --client or --server, such as sideman-2") from error
    return msgspec.structs.replace(settings, jack=jack)


def _warn_of_others(settings: Settings) -> None:
    """Log a warning if other users of this machine can read or change the settings, above all the token."""
    from bridge.doctor.secrets import check_settings_file

    finding = check_settings_file(settings_path(), bool(settings.lan.token))
    if finding.state != "ok":
        logging.getLogger(__name__).warning("%s; %s", finding.detail, finding.fix)


JACK = OfflineOptions()

SWITCH_INTERVAL_S = 0.0005
"""Time for which one Python thread computes while another waits; Python's own figure is 5 ms. So a fader of a
controller, or a message of OSC, takes effect some milliseconds sooner beside a busy thread (docs/benchmarks.md)."""


@app.command
def devices(*, server: Server = "", devices: AudioOptions = USUAL_AUDIO, json_: AsJson = False) -> None:
    """List the audio devices that `sideman run --audio portaudio` can use."""
    from bridge.devices_command import show_audio_devices

    show_audio_devices(devices.apply(_settings(server)), json_)


@app.command
def run(
    *,
    server: Server = "",
    client: Annotated[str, Parameter(help="Name of the JACK client; by default that of the settings.")] = "",
    port: Annotated[
        int | None, Parameter(help="UDP port for OSC; by default that of the settings; 0: one that is free.")
    ] = None,
    lan: Annotated[
        bool, Parameter(negative="", help="Accept OSC from other machines; needs [lan] allow and token.")
    ] = False,
    preset: Annotated[str, Parameter(help="Session preset to start with.")] = "",
    tui: Annotated[
        bool, Parameter(negative="", help="Open the terminal app too; q closes it, Sideman goes on.")
    ] = False,
    verbose: Annotated[bool, Parameter(name=["--verbose", "-v"], negative="", help="Log more details.")] = False,
    devices: AudioOptions = USUAL_AUDIO,
    offline: OfflineOptions = JACK,
) -> int:
    """Run beside a DAW on a JACK server until Ctrl-C.

    Connect the DAW's sends to in_1, in_2 and midi_in. Record stems, mix and MIDI from the other ports.

    With NSM_URL set, Sideman takes part in the session of that session manager.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    with Signals() as signals, ExitStack() as outer:
        from bridge.session_runs import open_runs

        # first of all: a session manager waits 5 s for the announcement
        runs = outer.enter_context(open_runs(os.environ, is_managed=not offline.offline))

        from bridge.app import Sidecar
        from bridge.app_terminal import AppTerminal
        from bridge.control import preset as presets
        from bridge.control.preset_lookup import find_preset
        from bridge.core.jit import CACHE
        from bridge.osc.access import choose_lan_host
        from bridge.run_display import print_start, wait_for_end
        from bridge.starting import StartDisplay
        from bridge.status import count_late_frames

        terminal = outer.enter_context(AppTerminal()) if tui else None
        console = Printer(file=terminal.screen) if terminal is not None else Printer()
        log.setup(verbose, console if console.is_terminal and terminal is None else None)
        settings = devices.apply(_settings(server, client))
        usual_port = settings.osc.port
        osc = msgspec.structs.replace(settings.osc, port=settings.osc.port if port is None else port)
        if lan:
            _warn_of_others(settings)
            osc = msgspec.structs.replace(osc, host=choose_lan_host(osc.host, settings.lan.allow))
        display = StartDisplay(console if console.is_terminal else Printer(stderr=True))
        audio = offline.open_system()
        if audio is not None and (server or client):
            raise ConfigError("--server and --client are for JACK", "leave them out, or leave out --offline")
        if audio is not None:
            if devices != USUAL_AUDIO:
                raise ConfigError("--offline uses no audio device", "leave it out, or leave out --audio and devices")
            settings = msgspec.structs.replace(settings, audio=AudioSettings())
        controllers = settings.controllers if audio is None else NO_DEVICES
        try:
            settings = msgspec.structs.replace(settings, osc=osc, controllers=controllers)
        except ValueError as error:
            raise ConfigError(str(error), "give another --port") from error

        def show_start(step: str, done: int = 0, of: int = 0) -> None:
            display.show(step, done, of)
            runs.report_start(step, done, of)

        failures, late_frames = list[str](), 0
        for plan in runs.plan(settings):
            sidecar = Sidecar(plan.settings, show_start, audio, plan.scenes)
            if audio is not None:
                audio.on_end = sidecar.stop
            if plan.controls is not None:
                presets.apply(plan.controls, sidecar.bus, "session")
            elif preset:
                sidecar.presets.apply(preset, presets.load(find_preset(preset), sidecar.bus.registry))
            with ExitStack() as running:

                def leave_at_once(sidecar: Sidecar = sidecar) -> None:
                    sidecar.abandon()
                    CACHE.remove()
                    display.end()

                signals.on_end = leave_at_once
                with display:
                    running.enter_context(sidecar)
                signals.mark_started()
                runs.note_running(sidecar)
                running.callback(runs.note_ending)
                print_start(console, sidecar, usual_port, verbose)
                wait_for_end(console, sidecar, signals, terminal)
                if audio is not None:
                    graph = sidecar.signal_path.graph
                    failures = sidecar.engine_failures.describe(graph.plan, graph.arrays)
                    late_frames = count_late_frames(graph)
            if signals.asked:
                break
        if audio is not None:
            audio.check()
            if written := audio.describe_files(late_frames):
                console.say(written)
        for failure in failures:
            Printer(stderr=True).say(f"! {failure}", "bold red")
        return FAILED if failures else 0


@app.command
def latency(
    *,
    measure: Annotated[bool, Parameter(negative="", help="Send impulses and notes, and measure every path.")] = False,
    anyway: Annotated[bool, Parameter(negative="", help="Measure although the music plays.")] = False,
    server: Annotated[str, Parameter(help="The sidecar on this server, else what one would declare there.")] = "",
    port: OscPort = 0,
    rate: Annotated[int, Parameter(help="Sampling rate in Hz of a sidecar that does not run; 0: 44100.")] = 0,
    period: Annotated[int, Parameter(help="Period in frames of a sidecar that does not run; 0: 128.")] = 0,
    json_: AsJson = False,
) -> int:
    """Show the latency of each path, and the values to enter in each DAW.

    The sidecar that runs is asked, or measured with --measure, with its live inserts.
    Where none runs, or with --rate or --period, the settings give the figures.

    --measure then starts a sidecar on a private JACK server, faster than real time.
    With --server it starts one on that server, in real time.
    """
    from bridge.daw.latency_card import make_cards, make_ledger_table, render
    from bridge.latency_report import LatencySource, report_declared, report_measured

    source = LatencySource(_settings(server), server, port, rate, period)
    report = report_measured(source, anyway) if measure else report_declared(source)
    if json_:
        write_json(report.ledger.to_dict() | {"origin": report.origin, "problems": report.problems})
    else:
        console = Printer()
        console.say(report.origin)
        console.print(make_ledger_table(report.ledger))
        for line in report.problems:
            console.say(f"! {line}", "bold red")
        console.print(render(make_cards(report.ledger)))
    return FAILED if report.problems else 0


@app.command
def doctor(*, server: Server = "", json_: AsJson = False) -> int:
    """Check this machine for a live session, and say how to fix what is missing."""
    from bridge import doctor as checks

    try:
        findings = checks.run_checks(_settings(server))
    except ConfigError as error:
        findings = checks.run_checks(Settings(), refused=error)
    if json_:
        write_json(checks.to_json(findings))
    else:
        Printer().print(checks.render(findings))
    return checks.exit_code(findings)


@app.command
def service() -> None:
    """Print a systemd unit that starts Sideman when you log in: docs/service.md."""
    from bridge.systemd_unit import format_unit

    write_out(format_unit((sys.executable, "-P", "-m", "bridge", "run"), os.environ))


@bench_app.command
def callback(
    *,
    rate: Annotated[int, Parameter(help="Sampling rate in Hz.")] = 44100,
    seconds: Annotated[float, Parameter(help="Duration of each measurement, in seconds.")] = 3.0,
    json_: AsJson = False,
) -> None:
    """Measure callback time and skipped cycles at periods 64-1024: native and Python, idle and beside busy Python."""
    from bridge.bench import callback as bench

    check_option("--rate", rate, *RATES_HZ, "Hz")
    check_option("--seconds", seconds, *bench.DURATION_S, "s")
    results = []
    console = Printer(stderr=True)
    with console.status("measuring …") as status:
        for result in bench.run(rate, seconds):
            results.append(result)
            status.update(f"period {result.period}, {result.callback} …")
    if json_:
        write_json([msgspec.to_builtins(result) for result in results])
        return
    shown = Printer()
    shown.print(bench.table(results, rate))
    for line in bench.verdicts(results):
        shown.say(line)


def _run_app() -> None:
    commands.add_commands(app, (bench_app, preset_commands.app, scene_commands.app))
    app()


def main() -> None:
    """The entry point."""
    exit_after(_run_app, "sideman", explain)


if __name__ == "__main__":
    main()
