"""``python -m research.separation.training COMMAND``: from stems to the weights that ship, a command a step."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

from bridge.errors import ConfigError
from research.common.cli_main import echo, run_main

WEIGHTS = Path(__file__).parents[3] / "engines" / "weights" / "separation.onnx"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m research.separation.training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    one = commands.add_parser("train", help="learn, or go on learning")
    one.add_argument("--stems", type=Path, required=True, help="folder that `python -m research.datasets` filled")
    one.add_argument("--run", type=Path, required=True, help="folder of the run: checkpoint and log")
    one.add_argument("--minutes", type=float, default=60.0, help="how long")
    one.add_argument("--steps", type=int, default=0, help="stop at this step, 0: by the time alone")
    one.add_argument("--cool", type=int, default=0, help="let the learning rate fall to nothing over so many steps")
    one.add_argument("--cool-minutes", type=float, default=0.0, help="or over the last minutes of --minutes")
    one.add_argument("--width", type=int, default=96)
    one.add_argument("--layers", type=int, default=6)
    one.add_argument("--batch", type=int, default=4, help="mixtures in a step")
    one.add_argument("--length", type=int, default=129, help="analysis steps of each, 43 a second")
    one.add_argument("--rate", type=float, default=2e-3)
    one.add_argument("--seed", type=int, default=1, help="of the mixtures: another one gives others")
    one.add_argument("--bidirectional", action="store_true", help="the network of the offline profile")
    one.add_argument("--initial", type=Path, help="checkpoint whose weights a new run starts from")
    one.add_argument("--without", nargs="*", default=(), help="groups and songs to leave out, by name")
    one.add_argument("--device", default="cpu", help="where to learn, by PyTorch's name: cpu, cuda")
    one.add_argument("--processes", type=int, default=1, help="how many draw mixtures beside the one that learns")
    one.add_argument("--every", type=int, default=250, help="steps from one checkpoint to the next")
    one.add_argument(
        "--compile", action="store_true", help="fuse the steps' loops: twice as fast, needs a C++ compiler"
    )
    one.set_defaults(act=_train)

    one = commands.add_parser("blend", help="mix the averaged weights with those of an earlier stage of the run")
    one.add_argument("--run", type=Path, required=True)
    one.add_argument("--other", type=Path, required=True, help="the other stage's checkpoint")
    one.add_argument("--share", type=float, default=0.3, help="how much of it, 0 to 1")
    one.set_defaults(act=_blend)

    one = commands.add_parser("export", help="the run's averaged weights as the ONNX file that ships")
    one.add_argument("--run", type=Path, required=True)
    one.add_argument("--out", type=Path, default=WEIGHTS)
    one.add_argument("--quantized", type=Path, help="write a version with 8-bit weights, too, where it is as good")
    one.add_argument("--stems", type=Path, help="folder whose validation songs judge that")
    one.set_defaults(act=_export)

    one = commands.add_parser("plot", help="the run's curves as a picture")
    one.add_argument("--run", type=Path, required=True)
    one.add_argument("--out", type=Path, required=True)
    one.set_defaults(act=_plot_run)

    one = commands.add_parser("evaluate", help="as python -m research.separation.evaluation, whose options it takes")
    one.set_defaults(act=None)

    given = sys.argv[1:] if arguments is None else arguments
    parsed, rest = parser.parse_known_args(given[:1] if given[:1] == ["evaluate"] else given)
    if parsed.act is None:
        from research.separation.evaluation.__main__ import app as evaluate

        evaluate(given[1:])
        return 0
    if rest:
        parser.error(f"unknown: {' '.join(rest)}")
    return run_main(lambda: parsed.act(parsed))


def _train(parsed: argparse.Namespace) -> None:
    import torch

    from research.datasets.library import read_library
    from research.separation.training.network import NetworkShape
    from research.separation.training.train import SeparationTrainer, SeparationTrainingPlan, load_validation, train

    torch.set_num_threads(1)  # several threads on a busy machine ran 50 times slower
    library = read_library(parsed.stems, "train", tuple(parsed.without))
    echo(f"train on {_format_minutes(library.count_minutes())}")
    plan = SeparationTrainingPlan(parsed.batch, parsed.length, parsed.rate, seed=parsed.seed, steps=parsed.steps)
    shape = NetworkShape(parsed.width, parsed.layers, bidirectional=parsed.bidirectional)
    trainer = SeparationTrainer(parsed.run, plan, shape, parsed.compile, parsed.device)
    songs = load_validation(read_library(parsed.stems, "valid"), overlap=trainer.overlaps[0])
    went_on = trainer.load()
    if parsed.initial and not went_on:
        trainer.start_from(parsed.initial)
    if parsed.cool:
        trainer.plan = replace(plan, cooled_from=trainer.step, steps=trainer.step + parsed.cool)
    echo(f"{'go on from' if went_on else 'begin at'} step {trainer.step}")
    end = time.monotonic() + parsed.minutes * 60
    last, cool_s = trainer.plan.steps, 60.0 * parsed.cool_minutes

    def get_rate_factor() -> float:
        return max(0.0, min(1.0, (end - time.monotonic()) / cool_s)) if cool_s else 1.0

    def is_done(step: int) -> bool:
        return time.monotonic() > end or 0 < last <= step

    train(trainer, library, songs, is_done, echo, parsed.every, parsed.processes, get_rate_factor)


def _blend(parsed: argparse.Namespace) -> None:
    from research.separation.training.export import blend

    blend(parsed.run, parsed.other, parsed.share)


def _export(parsed: argparse.Namespace) -> None:
    from research.datasets.library import read_library
    from research.separation.training.export import export, quantize
    from research.separation.training.train import load_validation

    if parsed.quantized and not parsed.stems:
        raise ConfigError("--quantized: no songs to judge it by", "add --stems with the folder of stems")
    echo(f"{parsed.out}: SHA-256 {export(parsed.run, parsed.out)}, {parsed.out.stat().st_size:,} bytes")
    if parsed.quantized:
        echo(str(quantize(parsed.out, parsed.quantized, load_validation(read_library(parsed.stems, "valid")))))


def _plot_run(parsed: argparse.Namespace) -> None:
    from research.separation.training.plot import plot

    plot(parsed.run, parsed.out)


def _format_minutes(parsed: dict[str, float]) -> str:
    return ", ".join(f"{stem} {minutes:.0f} min" for stem, minutes in sorted(parsed.items()))


if __name__ == "__main__":
    sys.exit(main())
