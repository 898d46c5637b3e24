"""``python -m research.mir.training COMMAND``: from stems and their truths to the weights that ship."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from research.common.cli_main import echo, run_main

WEIGHTS = Path(__file__).parents[3] / "engines" / "weights"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m research.mir.training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    one = commands.add_parser("train", help="learn, or go on learning")
    one.add_argument("--stems", type=Path, required=True, help="folder that `python -m research.datasets` filled")
    one.add_argument("--run", type=Path, required=True, help="folder of the run: checkpoint and log")
    one.add_argument("--minutes", type=float, default=60.0, help="how long at most")
    one.add_argument("--steps", type=int, default=6000, help="at which step the learning rate has fallen to nothing")
    one.add_argument("--batch", type=int, default=8, help="pieces in a step")
    one.add_argument("--seconds", type=float, default=16.0, help="of each piece; a key needs more than a bar")
    one.add_argument("--processes", type=int, default=1, help="how many draw pieces beside the one that learns")
    one.add_argument("--without", nargs="*", default=[], metavar="SONG", help="songs to judge by, not to learn from")
    one.set_defaults(act=_train)

    one = commands.add_parser("export", help="the run's averaged weights as the ONNX files that ship")
    one.add_argument("--run", type=Path, required=True)
    one.add_argument("--out", type=Path, default=WEIGHTS)
    one.set_defaults(act=_export)

    parsed = parser.parse_args(arguments)
    return run_main(lambda: parsed.act(parsed))


def _train(parsed: argparse.Namespace) -> None:
    import torch

    from research.common.prefetch import BatchPrefetcher
    from research.datasets.library import read_library
    from research.mir.training.batches import make_batch_drawer
    from research.mir.training.train import MirTrainer, MirTrainingPlan, train
    from research.mir.training.validate import load_validation

    torch.set_num_threads(1)  # several threads on a busy machine ran 50 times slower
    without = tuple(parsed.without)
    songs = load_validation(parsed.stems, read_library(parsed.stems, "valid"))
    if without:
        songs |= load_validation(parsed.stems, read_library(parsed.stems, "train").select_songs(without))
    trainer = MirTrainer(parsed.run, MirTrainingPlan(parsed.batch, parsed.seconds, steps=parsed.steps))
    went_on = trainer.load()
    echo(f"{'go on from' if went_on else 'begin at'} step {trainer.step}")
    end, plan = time.monotonic() + parsed.minutes * 60, trainer.plan
    given = parsed.stems, plan.seconds, plan.seed, plan.batch, without
    with BatchPrefetcher(make_batch_drawer, given, trainer.step, parsed.processes) as drawing:
        train(trainer, drawing, songs, lambda step: time.monotonic() > end or step >= parsed.steps, echo)


def _export(parsed: argparse.Namespace) -> None:
    from research.mir.training.export import export

    for name, digest in export(parsed.run, parsed.out).items():
        echo(f"{parsed.out / name}: SHA-256 {digest}, {(parsed.out / name).stat().st_size:,} bytes")


if __name__ == "__main__":
    sys.exit(main())
