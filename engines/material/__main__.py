"""``python -m engines.material COMMAND``: the stems and songs that the networks learn from."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from engines.entering import entered, say


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engines.material", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    one = commands.add_parser("prepare", help="cut real recordings into stems")
    one.add_argument("--audio", type=Path, required=True, help="folder of recordings with its MANIFEST.csv")
    one.add_argument("--out", type=Path, required=True, help="folder for the stems")
    one.add_argument("--annotated", type=Path, help="folder with SONG.beats and SONG.key of some of the songs")
    one.add_argument("--without", nargs="*", default=(), help="groups to leave out, by how their names begin")
    one.set_defaults(act=_prepare)

    one = commands.add_parser("render", help="play songs, grooves, lines and voices with fonts, kits and synthesizers")
    one.add_argument("--symbolic", type=Path, required=True, help="folder of the unpacked symbolic collection")
    one.add_argument("--audio", type=Path, required=True, help="folder of recordings whose notes are played")
    one.add_argument("--out", type=Path, required=True, help="folder for the stems")
    one.add_argument("--songs", type=int, default=80, help="coherent songs")
    one.add_argument("--voices", type=int, default=60, help="stems of sung speech")
    one.add_argument("--loose", type=int, default=6, help="stems for each kit and instrument")
    one.add_argument("--without", nargs="*", default=(), help="groups to leave out, by how their names begin")
    one.add_argument("--apart", nargs="*", type=Path, default=(), help="folders of held-out songs: none of their tunes")
    one.add_argument("--seed", type=int, default=1)
    one.set_defaults(act=_render)

    one = commands.add_parser("held-out", help="play songs to test on: of no tune, font, kit or reader learned from")
    one.add_argument("--symbolic", type=Path, required=True, help="folder of the unpacked symbolic collection")
    one.add_argument("--audio", type=Path, required=True, help="folder of recordings whose notes are played")
    one.add_argument("--stems", type=Path, required=True, help="folder that training draws from: none of its tunes")
    one.add_argument("--out", type=Path, required=True, help="folder for the songs, another one")
    one.add_argument("--songs", type=int, default=24)
    one.add_argument("--seed", type=int, default=2)
    one.set_defaults(act=_held_out)

    told = parser.parse_args(arguments)
    return entered(lambda: _minutes(told.act(told)))


def _minutes(by_stem: dict[str, float]) -> None:
    say(", ".join(f"{stem} {minutes:.0f} min" for stem, minutes in sorted(by_stem.items())))


def _prepare(told: argparse.Namespace) -> dict[str, float]:
    from engines.material.prepare import prepare

    return prepare(told.audio, told.out, tuple(told.without), annotated=told.annotated)


def _render(told: argparse.Namespace) -> dict[str, float]:
    from engines.material.render import render

    without, apart = tuple(told.without), tuple(told.apart)
    return render(told.symbolic, told.audio, told.out, told.songs, told.seed, told.loose, told.voices, without, apart)


def _held_out(told: argparse.Namespace) -> dict[str, float]:
    from engines.material.render import render_held_out

    return render_held_out(told.symbolic, told.audio, told.out, told.stems, told.songs, told.seed)


if __name__ == "__main__":
    sys.exit(main())
