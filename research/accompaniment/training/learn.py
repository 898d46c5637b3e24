"""Teach the network that foresees chords: the likelihood of what came, by everything that has a word, mixed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from engines.accompaniment.harmony.predictor import KINDS, WORDS
from engines.accompaniment.harmony.repetition import FURTHEST
from engines.accompaniment.harmony.vocabulary import States
from research.accompaniment.training.examples import Examples, examples_of, joined, misheard, modulated
from research.accompaniment.training.network import ForesightNetwork
from research.accompaniment.training.progressions import Progression
from research.accompaniment.training.recogniser_corpus import Overheard

EVERY, EVERY_HEARD = 3, 1
"""Of so many beats one is an example: neighbours say much the same."""
MISHEARD = 3
"""How often each song is read with a recogniser's faults, beside once as it was written. The first time, the third and
so on it modulates as well."""
BATCH, RATE, DECAY = 256, 4e-3, 1e-2
SURPRISE = 0.02
"""Of the chance that is spread over all kinds: what was thought impossible costs only so much."""


def examples_from(songs: Sequence[Progression], heard: Sequence[Overheard], seed: int) -> Examples:
    """All there is to learn from: ``songs`` as they were written and misheard, and what an analyser ``heard``."""
    random = np.random.default_rng(seed)
    parts = [examples_of(song.states, song, EVERY, random) for song in songs]
    for turn in range(MISHEARD):
        read = songs if turn % 2 else [modulated(song, random) for song in songs]
        parts += [examples_of(misheard(song.states, random), song, EVERY, random) for song in read]
    parts += [examples_of(each.heard, each.song, EVERY_HEARD, random) for each in heard]
    return joined(part for part in parts if part is not None)


def learn(examples: Examples, rounds: int, seed: int, say: Callable[[str], None]) -> ForesightNetwork:
    """A network that has seen all ``examples`` so many ``rounds``; the learning rate rises and falls once (Smith and
    Topin's one cycle)."""
    torch.manual_seed(seed)
    network = ForesightNetwork()
    steps = max(len(examples) // BATCH, 1)
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=rounds * steps)
    for number in range(rounds):
        total = 0.0
        for chosen in torch.randperm(len(examples)).numpy()[: steps * BATCH].reshape(steps, -1):
            cost = surprise(network, examples, chosen)
            optimiser.zero_grad()
            cost.backward()
            optimiser.step()
            schedule.step()
            total += float(cost.detach())
        say(f"round {number + 1} of {rounds}: {total / steps:.4f} nats a beat ahead")
    return network


def surprise(network: ForesightNetwork, examples: Examples, chosen: States) -> Tensor:
    """The mean of minus the log of the chance of what came, over the ``chosen`` examples and all beats ahead."""
    lags = torch.from_numpy(examples.lags[chosen].astype(np.float32))
    says = torch.from_numpy(examples.says[chosen].astype(np.int64)).reshape(-1, WORDS, FURTHEST)
    truth = torch.from_numpy(examples.truth[chosen].astype(np.int64))
    there = torch.from_numpy((examples.says[chosen][:, 0] >= 0).astype(np.float32))
    words, habit = network(lags, torch.from_numpy(examples.context[chosen]), there)
    told = (words * (says == truth[:, None])).sum(1)
    told = told + habit.gather(2, truth.clamp(min=0)[..., None])[..., 0]
    known = truth >= 0
    cost: Tensor = -torch.log(told * (1.0 - SURPRISE) + SURPRISE / KINDS)[known].mean()
    return cost
