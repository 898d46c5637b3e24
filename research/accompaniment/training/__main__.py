"""``python -m research.accompaniment.training COMMAND``: the network that foresees chords, and how well it does; the
grooves of drummers that ship and how like drummers they are played."""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise
from pathlib import Path

from bridge.config import read_toml, write_atomic
from engines.accompaniment import grooves
from engines.accompaniment.harmony.predictor import ChordPredictor
from engines.onnx import read_model
from research.accompaniment.training.foresight import SURE, listeners, scores, trueness
from research.accompaniment.training.progressions import read_progressions
from research.common.cli_main import entered, say

GROOVES = Path(grooves.__file__).with_name(grooves.FILE)
WEIGHTS = Path(__file__).parents[3] / "engines" / "weights"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m research.accompaniment.training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("hear", help="what an analyser tells of the chords of rendered songs")
    one.add_argument("--stems", type=Path, required=True, help="folder that `python -m research.datasets` filled")
    one.add_argument("--engine", default="mir.standard")
    one.add_argument("--out", type=Path, required=True, help="a JSON file")
    one.set_defaults(act=_hear)
    one = commands.add_parser("learn", help="teach the network that foresees chords")
    one.add_argument("--symbolic", type=Path, required=True, help="folder with pop909-cl")
    one.add_argument("--without", type=Path, help="a folder of stems whose tunes are not to be learned from")
    one.add_argument("--heard", type=Path, help="what `hear` wrote")
    one.add_argument("--rounds", type=int, default=4, help="how often each example is seen")
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--out", type=Path, default=WEIGHTS)
    one.set_defaults(act=_learn)
    one = commands.add_parser("foresight", help="roots foreseen on songs that were not learned from")
    one.add_argument("--symbolic", type=Path, required=True)
    one.add_argument("--weights", type=Path, help="an ONNX file; by default the one that ships")
    one.add_argument("--late", type=int, default=1, help="beats at the end that a listener does not know yet")
    one.set_defaults(act=_foresight)
    one = commands.add_parser("grooves", help="count groove templates in drummers' bars, but those held out")
    one.add_argument("--symbolic", type=Path, required=True, help="folder with groove")
    one.add_argument("--out", type=Path, default=GROOVES)
    one.set_defaults(act=_grooves)
    one = commands.add_parser("groove-check", help="how like the drummers held out the styles' drums are")
    one.add_argument("--symbolic", type=Path, required=True)
    one.set_defaults(act=_groove_check)
    told = parser.parse_args(arguments)
    return entered(lambda: told.act(told))


def _hear(told: argparse.Namespace) -> None:
    from research.accompaniment.training.recogniser_corpus import overhear, write_heard

    heard = []
    for each in overhear(told.stems, told.engine):
        heard.append(each)
        known = (each.heard >= 0) & (each.song.states >= 0)
        say(f"{each.song.name}: {(each.heard == each.song.states)[known].mean():.2f} of {known.sum()} beats right")
        write_heard(told.out, heard)


def _learn(told: argparse.Namespace) -> None:
    import torch

    from research.accompaniment.training.learn import examples_from, learn
    from research.accompaniment.training.network import export
    from research.accompaniment.training.recogniser_corpus import read_heard
    from research.datasets.library import tunes_in

    torch.set_num_threads(1)  # several threads on a busy machine ran 50 times slower
    songs = read_progressions(told.symbolic, False, tunes_in(told.without) if told.without else ())
    heard = read_heard(told.heard) if told.heard else []
    examples = examples_from(songs, heard, told.seed)
    say(f"{len(songs)} songs, {sum(len(song.states) for song in songs):,} beats; {len(heard)} heard; "
        f"{len(examples):,} examples")  # fmt: skip
    network = learn(examples, told.rounds, told.seed, say)
    say(f"{told.out}: {export(network, told.out)}")


def _foresight(told: argparse.Namespace) -> None:
    songs = read_progressions(told.symbolic, True)
    predictor = ChordPredictor(read_model(told.weights), told.weights.name) if told.weights else None
    say(f"{len(songs)} songs, the last {told.late} beats not known; right roots")
    for name, foresee in listeners(predictor).items():
        found = scores(songs, foresee, told.late)
        say(f"{name:15}" + " ".join(f"{what}: {share:.3f}" for what, share in found.items()))
    names = [f"below {SURE[0]}", *(f"{low} to {high}" for low, high in pairwise(SURE)), f"above {SURE[-1]}"]
    shares = zip(names, trueness(songs, predictor, told.late), strict=True)
    say("right where sure " + ", ".join(f"{name}: {share:.2f} of {count:,}" for name, (share, count) in shares))


def _grooves(told: argparse.Namespace) -> None:
    from research.accompaniment.training.drumming import KINDS, joined, parted, performances, read_drumming
    from research.accompaniment.training.templates import as_file, grooves_from, together, usable

    drumming = read_drumming(told.symbolic)
    learned = {name: parted(kind, performances(drumming, kind))[0] for name, kind in KINDS.items()}
    made = grooves_from(learned)
    write_atomic(told.out, as_file(made))
    for name, family in made.families.items():
        common = together(usable(joined(learned[name]), KINDS[name]))
        say(
            f"{name:8} {family.performances:3} performances, {family.bars:4} bars, {len(family.templates):2} templates"
            f", swing {family.swing:.2f}, lateness of limbs at one step correlates by {common:.2f}"
        )


def _groove_check(told: argparse.Namespace) -> None:
    from engines.accompaniment.style import StyleFile, find_style, list_shipped_styles, load_style
    from research.accompaniment.training.drumming import KINDS, joined, parted, performances, read_drumming
    from research.accompaniment.training.groove_similarity import rows, table

    drumming = read_drumming(told.symbolic)
    for name in list_shipped_styles():
        drums = read_toml(find_style(name), StyleFile).drums
        if drums is None or not drums.groove:
            continue
        kind = KINDS[drums.groove]
        learned, held = (joined(part) for part in parted(kind, performances(drumming, kind)))
        if not len(learned) or not len(held):
            say(f"{name}: no bars of {drums.groove} to learn from or none held out\n")
            continue
        for line in table(name, len(learned), len(held), rows(load_style(find_style(name)), learned, held)):
            say(line)
        say("")


if __name__ == "__main__":
    sys.exit(main())
