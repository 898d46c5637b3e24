"""Render key: a hash of all that determines the bytes of a render, so that finished files are known again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from chains.document.member_paths import walk_active_members, walk_members
from chains.document.member_state import read_state
from chains.document.plugin_locations import find_plugin
from chains.process.messages import MemberFacts
from chains.render.file_hash import hash_file, hash_plugin
from chains.render.render_options import ChainChoice, RenderOptions

SCHEMA = 3
"""Increased where the same key would give other bytes than before."""


def make_render_key(
    inputs: Iterable[tuple[str, Path]], chains: Sequence[tuple[str, ChainChoice, Sequence[MemberFacts]]],
    options: RenderOptions, beats_s: Sequence[float] = (),
) -> str:  # fmt: skip
    """Hash the content of the inputs by name, the chains by part with the plugins found, and the options.

    ``beats_s``: the beats of an analysis; those of a MIDI file are in its content.

    Raises:
        ConfigError: A file cannot be read, or a plugin is missing.
    """
    values: list[object] = [
        SCHEMA,
        [(name, hash_file(path)) for name, path in inputs],
        [
            (
                part,
                msgspec.to_builtins(choice.chain),
                _hash_files(choice),
                [_identify(one) for one in facts],
                *_hash_plugins(choice),
            )
            for part, choice, facts in chains
        ],
        [options.format.name, options.target.loudness_lufs, options.target.ceiling_dbtp, options.tail_s],
        [options.tempo_bpm, options.block_frames, options.host, options.rate],
        sorted(options.gains_db.items()),
        *([list(beats_s)] if beats_s else []),
    ]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _identify(facts: MemberFacts) -> list[str]:
    return [facts.label, facts.host, facts.name, facts.version, facts.id, facts.fingerprint]


def _hash_plugins(choice: ChainChoice) -> list[str]:
    """Hashes of the program code of the plugins: most hosts tell no version, and not every build has its own."""
    return [hash_plugin(find_plugin(member)) for _, member in walk_active_members(choice.chain) if member.plugin]


def _hash_files(choice: ChainChoice) -> list[str]:
    """Hashes of the files beside the chain that its members use: states, and impulse responses and the like."""
    found = []
    for key, member in walk_members(choice.chain):
        if member.state_file:
            found.append(hashlib.sha256(read_state(member, choice.folder, key)).hexdigest())
        for value in member.parameters.values():
            if isinstance(value, str) and value and (file := choice.folder / value).is_file():
                found.append(hash_file(file))
    return found
