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
from research.accompaniment.training.foresight import THRESHOLDS, list_predictors, measure_calibration, score_roots
from research.accompaniment.training.progressions import read_progressions
from research.common.cli_main import echo, run_main

GROOVES = Path(grooves.__file__).with_name(grooves.FILE)
WEIGHTS = Path(__file__).parents[3] / "engines" / "weights"


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m research.accompaniment.training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("recognise", help="chords that an analyser recognises in rendered songs")
    one.add_argument("--stems", type=Path, required=True, help="folder that `python -m research.datasets` filled")
    one.add_argument("--engine", default="mir.standard")
    one.add_argument("--out", type=Path, required=True, help="a JSON file")
    one.set_defaults(act=_recognise)
    one = commands.add_parser("learn", help="teach the network that foresees chords")
    one.add_argument("--symbolic", type=Path, required=True, help="folder with pop909-cl")
    one.add_argument("--without", type=Path, help="a folder of stems whose tunes are not to be learned from")
    one.add_argument("--recognised", type=Path, help="the file that `recognise` wrote")
    one.add_argument("--rounds", type=int, default=4, help="how often each example is seen")
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--out", type=Path, default=WEIGHTS)
    one.set_defaults(act=_learn)
    one = commands.add_parser("foresight", help="roots foreseen on songs that were not learned from")
    one.add_argument("--symbolic", type=Path, required=True)
    one.add_argument("--weights", type=Path, help="an ONNX file; by default the one that ships")
    one.add_argument("--late", type=int, default=1, help="beats at the end that a listener does not know yet")
    one.set_defaults(act=_train_foresight)
    one = commands.add_parser("grooves", help="count groove templates in drummers' bars, but those held out")
    one.add_argument("--symbolic", type=Path, required=True, help="folder with groove")
    one.add_argument("--out", type=Path, default=GROOVES)
    one.set_defaults(act=_count_grooves)
    one = commands.add_parser("groove-check", help="how like the drummers held out the styles' drums are")
    one.add_argument("--symbolic", type=Path, required=True)
    one.set_defaults(act=_check_grooves)
    parsed = parser.parse_args(words)
    return run_main(lambda: parsed.act(parsed))


def _recognise(parsed: argparse.Namespace) -> None:
    from research.accompaniment.training.recogniser_corpus import recognise_songs, write_recognised

    recognised = []
    for each in recognise_songs(parsed.stems, parsed.engine):
        recognised.append(each)
        known = (each.recognised >= 0) & (each.song.states >= 0)
        echo(
            f"{each.song.name}: {(each.recognised == each.song.states)[known].mean():.2f} of {known.sum()} beats right"
        )
        write_recognised(parsed.out, recognised)


def _learn(parsed: argparse.Namespace) -> None:
    import torch

    from research.accompaniment.training.learn import learn, make_all_examples
    from research.accompaniment.training.network import export
    from research.accompaniment.training.recogniser_corpus import read_recognised
    from research.datasets.library import list_tunes

    torch.set_num_threads(1)  # several threads on a busy machine ran 50 times slower
    songs = read_progressions(parsed.symbolic, False, list_tunes(parsed.without) if parsed.without else ())
    recognised = read_recognised(parsed.recognised) if parsed.recognised else []
    examples = make_all_examples(songs, recognised, parsed.seed)
    echo(f"{len(songs)} songs, {sum(len(song.states) for song in songs):,} beats; {len(recognised)} recognised; "
        f"{len(examples):,} examples")  # fmt: skip
    network = learn(examples, parsed.rounds, parsed.seed, echo)
    echo(f"{parsed.out}: {export(network, parsed.out)}")


def _train_foresight(parsed: argparse.Namespace) -> None:
    songs = read_progressions(parsed.symbolic, True)
    predictor = ChordPredictor(read_model(parsed.weights), parsed.weights.name) if parsed.weights else None
    echo(f"{len(songs)} songs, the last {parsed.late} beats not known; right roots")
    for name, foresee in list_predictors(predictor).items():
        found = score_roots(songs, foresee, parsed.late)
        echo(f"{name:15}" + " ".join(f"{what}: {share:.3f}" for what, share in found.items()))
    names = [
        f"below {THRESHOLDS[0]}",
        *(f"{low} to {high}" for low, high in pairwise(THRESHOLDS)),
        f"above {THRESHOLDS[-1]}",
    ]
    shares = zip(names, measure_calibration(songs, predictor, parsed.late), strict=True)
    echo("right where sure " + ", ".join(f"{name}: {share:.2f} of {count:,}" for name, (share, count) in shares))


def _count_grooves(parsed: argparse.Namespace) -> None:
    from research.accompaniment.training.drumming import (
        KINDS,
        join,
        list_performances,
        read_drumming,
        split_performances,
    )
    from research.accompaniment.training.templates import build_groove_file, measure_correlation, select_usable, to_json

    drumming = read_drumming(parsed.symbolic)
    learned = {name: split_performances(kind, list_performances(drumming, kind))[0] for name, kind in KINDS.items()}
    made = build_groove_file(learned)
    write_atomic(parsed.out, to_json(made))
    for name, family in made.families.items():
        common = measure_correlation(select_usable(join(learned[name]), KINDS[name]))
        echo(
            f"{name:8} {family.performances:3} performances, {family.bars:4} bars, {len(family.templates):2} templates"
            f", swing {family.swing:.2f}, lateness of limbs at one step correlates by {common:.2f}"
        )


def _check_grooves(parsed: argparse.Namespace) -> None:
    from engines.accompaniment.style import StyleFile, load_style
    from engines.accompaniment.style_lookup import SHIPPED_STYLES, find_style
    from research.accompaniment.training.drumming import (
        KINDS,
        join,
        list_performances,
        read_drumming,
        split_performances,
    )
    from research.accompaniment.training.groove_similarity import format_table, make_rows

    drumming = read_drumming(parsed.symbolic)
    for name in SHIPPED_STYLES:
        drums = read_toml(find_style(name), StyleFile).drums
        if drums is None or not drums.groove:
            continue
        kind = KINDS[drums.groove]
        learned, held = (join(part) for part in split_performances(kind, list_performances(drumming, kind)))
        if not len(learned) or not len(held):
            echo(f"{name}: no bars of {drums.groove} to learn from or none held out\n")
            continue
        for line in format_table(name, len(learned), len(held), make_rows(load_style(find_style(name)), learned, held)):
            echo(line)
        echo("")


if __name__ == "__main__":
    sys.exit(main())
