"""Fuzz target: chain files, as every command of ``sideman chain`` reads them, written and read again."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from chains.document.chain_diff import compare_chains
from chains.document.chain_file import read_chain, write_chain
from chains.document.host_choice import list_live_obstacles
from chains.document.member_state import encode_state
from chains.document.vst3_preset import Vst3Preset, format_preset_bytes
from tests.fuzz.target import Target

STATE = encode_state(format_preset_bytes(Vst3Preset("0123456789ABCDEF0123456789ABCDEF", {"Comp": b"state"})))
PLUGIN = f"""schema = 1
tempo_bpm = 90
[[member]]
plugin = "Comp"
format = "vst3"
id = "0123456789ABCDEF0123456789ABCDEF"
state = "{STATE}"
paths = {{linux = ["~/x.vst3"]}}
parameters = {{Threshold = "-20 dB", on = true, level = -3.25}}
automation = {{Gain = [[0, 1], [4, 0.5]]}}
sends = {{room = -6}}
[[member]]
name = "both"
[[member.branch]]
[[member.branch]]
gain_db = -3
[[member.branch.member]]
faust = '''
process = _, _;
'''
[[bus]]
name = "room"
[[bus.member]]
effect = "Reverb"
parameters = {{wet_level = 0.3}}
"""


def read(data: bytes, folder: Path) -> None:
    """A chain that is the same after it was written, or a clear refusal."""
    path = folder / "x.toml"
    path.write_bytes(data)
    chain = read_chain(path)
    list_live_obstacles(chain)
    assert write_chain(folder / "y.toml", chain) == chain
    again = read_chain(folder / "y.toml")
    assert again == chain
    assert compare_chains(chain, again, folder, folder) == []


def make_seeds() -> Iterator[bytes]:
    """A chain with all kinds of members, and shipped ones."""
    yield PLUGIN.encode()
    for name in ("room-send", "de-esser", "zam-master"):
        yield (resources.files("presets.chains") / f"{name}.toml").read_bytes()


TARGET = Target(
    "chain",
    read,
    make_seeds,
    tokens=(
        b"[[member]]\n", b"[[member.branch]]\n", b"[[member.branch.member]]\n", b"[[bus]]\n", b"[[bus.member]]\n",
        b"plugin = ", b"effect = ", b"faust = ", b"format = ", b"state = ", b"state_file = ", b"parameters = {",
        b"automation = {", b"sends = {", b"nan", b"-inf", b"1e309", b"true", b"''", b'"\\u0000"', b"../x", b"'''",
        b"1979-05-27", b"= -1\n", b"= 0\n", b"[]",
    ),
    modules=(
        "chains.document.chain_file", "chains.document.chain_rules", "chains.document.member_rules",
        "chains.document.chain_text", "chains.document.chain_diff",
    ),
    mutations=300,
)  # fmt: skip
