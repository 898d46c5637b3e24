"""The command ``sideman chain effects``: the built-in effects with their parameters, ranges and units."""

from __future__ import annotations

from typing import Annotated

import msgspec
from cyclopts import Parameter

from bridge.errors import ConfigError
from bridge.number_text import format_number
from bridge.printing import Printer, columns
from bridge.streams import write_json, write_out
from chains.commands.chain_options import JsonOption
from chains.document.effects import EFFECTS, Effect, EffectParameter, describe_range

DEFAULT_FIGURES = 3
"""Significant figures of a default, some of which are roots."""


def list_effects(
    *,
    markdown: Annotated[bool, Parameter(negative="", help="Print the table of the documentation.")] = False,
    json_: JsonOption = False,
) -> None:
    """List the built-in effects, their parameters, and whether each can run live."""
    if markdown and json_:
        raise ConfigError("--markdown and --json: both at once", "give one of them")
    if json_:
        write_json(msgspec.to_builtins(list(EFFECTS.values())))
        return
    if markdown:
        write_out(format_markdown())
        return
    table = columns("effect", "parameters", "live", left=("parameters", "live"))
    for effect in EFFECTS.values():
        lines = [effect.doc, *map(format_effect_parameter, effect.parameters)]
        table.add_row(effect.name, "\n".join(lines), "no" if effect.not_live else "yes")
    Printer().print(table)


def format_markdown() -> str:
    """The table of docs/chains.md."""
    lines = ["| Effect | What it does | Parameters (default) | Live |", "|---|---|---|---|"]
    for effect in EFFECTS.values():
        parameters = "<br>".join(f"`{one.name}` {_describe(one)}" for one in effect.parameters) or "none"
        lines.append(f"| `{effect.name}` | {effect.doc} | {parameters} | {_describe_live(effect)} |")
    return "\n".join(lines) + "\n"


def format_effect_parameter(parameter: EffectParameter) -> str:
    """A parameter with its range and default, in a line."""
    return f"{parameter.name}: {_describe(parameter)}"


def _describe(parameter: EffectParameter) -> str:
    if parameter.is_file:
        return "an audio file beside the chain's"
    if parameter.choices:
        return f"{', '.join(parameter.choices)} ({parameter.default})"
    if parameter.is_switch:
        return "true or false (false)"
    return f"{describe_range(parameter)} ({format_number(float(parameter.default), DEFAULT_FIGURES)})"


def _describe_live(effect: Effect) -> str:
    return f"no: {effect.not_live}" if effect.not_live else "yes"
