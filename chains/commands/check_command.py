"""The command ``sideman chain check``: tests of chains and plugins, for a producer and for CI."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.text import Text

from bridge.config import write_atomic
from bridge.errors import ConfigError
from bridge.printing import FAILED, Printer, one_line
from bridge.streams import write_json
from chains.checks.check_picture import CheckCurves, draw_picture
from chains.checks.check_report import ChainCheckReport, to_dict, to_junit
from chains.checks.check_run import (
    BOTH,
    CheckTarget,
    check_target,
    find_instrument,
    find_target,
    list_targets,
    make_factory,
    make_unreadable_report,
    name_picture,
)
from chains.checks.check_table import describe_all, describe_counts, draw_table, list_fixes
from chains.commands.chain_options import JsonOption, check_folder
from chains.document.host_choice import HOSTS

RATES_HZ = (8000, 384_000)
"""Lowest and highest rate, as in JACK."""


def check_chains(
    *targets: Annotated[str, Parameter(help="Chains: name, file or folder. Plugins: path, URI of an LV2, or name.")],
    strict: Annotated[
        Literal[1, 2, 3], Parameter(help="1: seconds. 2: rates, automation, both hosts, growth. 3: all that there is.")
    ] = 1,
    host: Annotated[
        Literal["auto", "pedalboard", "dawdreamer", "both"], Parameter(help="The host that loads the plugins.")
    ] = "auto",
    rate: Annotated[list[int] | None, Parameter(negative="", help="In Hz, by default 48000; may be repeated.")] = None,
    plugin: Annotated[str, Parameter(help="The plugin's name, where a file has several.")] = "",
    junit: Annotated[Path | None, Parameter(help="Also write JUnit XML into this file.")] = None,
    picture: Annotated[
        Path | None, Parameter(help="Also draw response, latency and differences into this file, FILE.svg.")
    ] = None,
    json_: JsonOption = False,
) -> int:
    """Test chains or plugins: latency, state, block sizes, determinism, silence, NaN and more.

    Each chain runs in processes of its own. A plugin that crashes or hangs fails its check, and the rest goes on.
    The exit status is 1 if a check failed, 2 for bad input. docs/chain_check.md describes every check.
    """
    if not targets:
        raise ConfigError("no chain and no plugin is given", "sideman chain list shows the chains")
    if picture is not None and picture.suffix.lower() != ".svg":
        raise ConfigError(f"--picture {picture}: pictures are SVG", "give a name that ends in .svg")
    rates = rate or [48_000]
    for one in rates:
        if not RATES_HZ[0] <= one <= RATES_HZ[1]:
            raise ConfigError(f"--rate {one}: no sampling rate", f"use {RATES_HZ[0]} to {RATES_HZ[1]}")
    hosts = HOSTS if host == BOTH else (host,)
    console, screen = Printer(), Printer(stderr=True)
    for file, option in ((junit, "--junit"), (picture, "--picture")):
        if file is not None:
            check_folder(file, option)
    found = _find_targets([one for text in targets for one in list_targets(text)], plugin)
    done: list[tuple[ChainCheckReport, CheckCurves | None]] = []
    for text, target in found:
        for name in hosts:
            for hertz in rates:
                if isinstance(target, ConfigError):
                    done.append((make_unreadable_report(text, target, name, hertz, strict), None))
                else:
                    done.append(_check(target, name, hertz, strict, screen))
                if not json_:
                    _print_report(console, done[-1][0])
    reports = [report for report, _ in done]
    if json_:
        write_json(to_dict(reports))
    elif len(reports) > 1:
        console.say(describe_all(reports))
    if junit is not None:
        write_atomic(junit, to_junit(reports))
        screen.say(f"{junit}: the results as JUnit XML")
    if picture is not None:
        for number, (report_, curves) in enumerate(done):
            file = name_picture(picture, number, len(done))
            write_atomic(file, draw_picture(report_, curves))
            screen.say(f"{file}: the picture of {report_.chain}")
    return FAILED if any(report_.has_failed for report_ in reports) else 0


def _find_targets(texts: list[str], plugin: str) -> list[tuple[str, CheckTarget | ConfigError]]:
    """What each text names, or why there is none; where there is none at all, the first reason is raised."""
    found: list[tuple[str, CheckTarget | ConfigError]] = []
    for text in texts:
        try:
            found.append((text, find_target(text, plugin)))
        except ConfigError as error:
            found.append((text, error))
    problems = [one for _, one in found if isinstance(one, ConfigError)]
    if len(problems) == len(found):
        raise problems[0]
    return found


def _check(
    target: CheckTarget, host: str, rate: int, strictness: int, screen: Printer
) -> tuple[ChainCheckReport, CheckCurves | None]:
    name = one_line(target.name)
    with screen.status(f"{name}: loading") as status:

        def check(one: CheckTarget) -> tuple[ChainCheckReport, CheckCurves | None]:
            return check_target(
                one, make_factory(one), time.monotonic, host=host, rate=rate, strictness=strictness,
                report=lambda result: status.update(f"{name}: {result.check} done"),
            )  # fmt: skip

        done = check(target)
        instrument = find_instrument(target, done[0])
        return done if instrument is None else check(instrument)


def _print_report(console: Printer, report: ChainCheckReport) -> None:
    console.say(Text(one_line(report.title), style="bold"))
    console.print(draw_table(report))
    for line in list_fixes(report):
        console.say(f"fix {line}")
    console.say(describe_counts(report))
    console.print()
