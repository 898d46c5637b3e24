"""The curves of a run as a picture: what validation said after how many hours of mixtures."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from bridge.core.audio import STEMS
from bridge.errors import ConfigError
from research.separation.training.train import LOG

COLOURS = {"drums": "#d1495b", "bass": "#30638e", "vocals": "#edae49", "other": "#66a182"}


def read_log(run: Path) -> list[dict[str, float]]:
    """The lines of the run's log."""
    path = run / LOG
    if not path.is_file():
        raise ConfigError(f"{path}: not there", "train first")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def smooth_curves(log: list[dict[str, float]], songs: str) -> dict[str, list[tuple[float, float]]]:
    """By stem: (hours of mixtures, mean SDR in dB over the songs whose names begin with ``songs``)."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for line in log:
        for stem in STEMS:
            values = [v for name, v in line.items() if name.startswith(songs) and name.endswith(f".{stem}")]
            if values:
                found[stem].append((line["hours"], sum(values) / len(values)))
    return dict(found)


def plot(run: Path, out: Path) -> None:
    """Two panels, recorded and rendered songs, each stem a line; and the loss under them."""
    from matplotlib.figure import Figure

    log = read_log(run)
    figure = Figure(figsize=(10, 6), layout="constrained")
    panels = figure.subplots(2, 2, height_ratios=(3, 1), sharex=True)
    for panel, songs, title in ((panels[0, 0], "ev3-", "recorded songs"), (panels[0, 1], "song-", "rendered songs")):
        for stem, points in smooth_curves(log, songs).items():
            panel.plot(*zip(*points, strict=True), color=COLOURS[stem], label=stem)
        panel.set_title(f"held-out {title}: SDR, dB")
        panel.axhline(0.0, color="#999999", linewidth=0.8)
        panel.grid(alpha=0.3)
        panel.legend(frameon=False)
    for panel in panels[1]:
        panel.plot([line["hours"] for line in log], [line["loss"] for line in log], color="#444444")
        panel.set_title("training loss")
        panel.set_xlabel("hours of mixtures seen")
        panel.grid(alpha=0.3)
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=100)
