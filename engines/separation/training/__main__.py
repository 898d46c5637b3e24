"""``python -m engines.separation.training COMMAND``: from recordings to the weights that ship, a command a step."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m engines.separation.training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    one = commands.add_parser("train", help="learn, or go on learning")
    one.add_argument("--stems", type=Path, required=True, help="folder that prepare and render filled")
    one.add_argument("--run", type=Path, required=True, help="folder of the run: checkpoint and log")
    one.add_argument("--minutes", type=float, default=60.0, help="how long")
    one.add_argument("--steps", type=int, default=0, help="stop at this step, 0: by the time alone")
    one.add_argument("--cool", type=int, default=0, help="let the learning rate fall to nothing over so many steps")
    one.add_argument("--width", type=int, default=96)
    one.add_argument("--layers", type=int, default=6)
    one.add_argument("--batch", type=int, default=4, help="mixtures in a step")
    one.add_argument("--length", type=int, default=129, help="analysis steps of each, 43 a second")
    one.add_argument("--rate", type=float, default=2e-3)
    one.add_argument("--without", nargs="*", default=(), help="groups and songs to leave out, by name")
    one.add_argument(
        "--compile", action="store_true", help="fuse the steps' loops: twice as fast, needs a C++ compiler"
    )
    one.set_defaults(act=_train)

    told = parser.parse_args(arguments)
    return int(told.act(told))


def _train(told: argparse.Namespace) -> int:
    import torch

    from engines.separation.training.library import read_library
    from engines.separation.training.network import Shape
    from engines.separation.training.train import Plan, Trainer, train, validation

    torch.set_num_threads(1)  # several threads on a busy machine ran 50 times slower
    library = read_library(told.stems, "train", tuple(told.without))
    _say("train on " + ", ".join(f"{stem} {m:.0f} min" for stem, m in sorted(library.minutes().items())))
    songs = validation(read_library(told.stems, "valid"))
    plan = Plan(told.batch, told.length, told.rate, steps=told.steps)
    trainer = Trainer(told.run, plan, Shape(told.width, told.layers), told.compile)
    went_on = trainer.load()
    if told.cool:
        trainer.plan = replace(plan, cooled_from=trainer.step, steps=trainer.step + told.cool)
    _say(f"{'go on from' if went_on else 'begin at'} step {trainer.step}")
    end = time.monotonic() + told.minutes * 60
    last = trainer.plan.steps
    train(trainer, library, songs, lambda step: time.monotonic() > end or 0 < last <= step, _say)
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
