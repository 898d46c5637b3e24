"""``python -m research.datasets COMMAND``: the stems and songs that the networks learn from."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from research.common.cli_main import echo, run_main


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m research.datasets", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    one = commands.add_parser("prepare", help="cut real recordings into stems")
    one.add_argument("--audio", type=Path, required=True, help="folder of recordings with its MANIFEST.csv")
    one.add_argument("--out", type=Path, required=True, help="folder for the stems")
    one.add_argument("--annotated", type=Path, help="folder with SONG.beats and SONG.key of some of the songs")
    one.add_argument("--without", nargs="*", default=(), help="groups to leave out, by how their names begin")
    one.add_argument("--development", type=Path, help="folder of songs, each a folder of stems: to choose a recipe on")
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

    one = commands.add_parser("pack", help="compress excerpts of the stems, for a machine that they must travel to")
    one.add_argument("--stems", type=Path, required=True, help="folder of stems")
    one.add_argument("--out", type=Path, required=True, help="folder for the excerpts, another one")
    one.add_argument("--megabytes", type=float, default=40.0, help="how large it may become")
    one.set_defaults(act=_pack)

    one = commands.add_parser("unpack", help="make a folder of stems from packed excerpts")
    one.add_argument("--packed", type=Path, required=True, help="folder of excerpts")
    one.add_argument("--out", type=Path, required=True, help="folder for the stems")
    one.set_defaults(act=_unpack)

    one = commands.add_parser("bars", help="count the tunes whose bars begin where their files do")
    one.add_argument("--symbolic", type=Path, required=True, help="folder of the unpacked symbolic collection")
    one.set_defaults(act=_bars)

    parsed = parser.parse_args(arguments)
    return run_main(lambda: parsed.act(parsed))


def _print_minutes(by_stem: dict[str, float]) -> None:
    echo(", ".join(f"{stem} {minutes:.0f} min" for stem, minutes in sorted(by_stem.items())))


def _prepare(parsed: argparse.Namespace) -> None:
    from research.datasets.prepare import prepare

    without, annotated, development = tuple(parsed.without), parsed.annotated, parsed.development
    _print_minutes(prepare(parsed.audio, parsed.out, without, annotated=annotated, development=development))


def _render(parsed: argparse.Namespace) -> None:
    from research.datasets.render import render

    without, apart = tuple(parsed.without), tuple(parsed.apart)
    _print_minutes(
        render(
            parsed.symbolic,
            parsed.audio,
            parsed.out,
            parsed.songs,
            parsed.seed,
            parsed.loose,
            parsed.voices,
            without,
            apart,
        )
    )


def _held_out(parsed: argparse.Namespace) -> None:
    from research.datasets.render import render_held_out

    _print_minutes(render_held_out(parsed.symbolic, parsed.audio, parsed.out, parsed.stems, parsed.songs, parsed.seed))


def _pack(parsed: argparse.Namespace) -> None:
    from research.datasets.packing import pack

    _print_minutes(pack(parsed.stems, parsed.out, parsed.megabytes))


def _unpack(parsed: argparse.Namespace) -> None:
    from research.datasets.packing import unpack

    _print_minutes(unpack(parsed.packed, parsed.out))


def _bars(parsed: argparse.Namespace) -> None:
    from research.datasets.symbolic import list_tune_names, read_tune

    found = [read_tune(parsed.symbolic, name) for name in list_tune_names(parsed.symbolic)]
    tunes = [tune for tune in found if tune is not None and tune.bar == 4.0]
    beside, confident = [tune for tune in tunes if tune.lead], [tune for tune in tunes if tune.barred]
    echo(
        f"{len(tunes)} tunes in four: the bars of {len(beside)} begin beside those of their file; sure of "
        f"{len(confident)}, {sum(tune.lead > 0 for tune in confident)} of them beside"
    )


if __name__ == "__main__":
    sys.exit(main())
