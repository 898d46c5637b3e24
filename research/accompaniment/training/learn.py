"""Training of the chord prediction by maximum likelihood of the next chords under the mixture of all predictors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from engines.accompaniment.harmony.chord_states import States
from engines.accompaniment.harmony.predictor import KINDS, PREDICTORS
from engines.accompaniment.harmony.repetition import HORIZON
from research.accompaniment.training.examples import (
    ForesightExamples,
    join,
    make_examples,
    modulate,
    simulate_recogniser,
)
from research.accompaniment.training.network import ForesightNetwork
from research.accompaniment.training.progressions import Progression
from research.accompaniment.training.recogniser_corpus import RecognisedSong

BEATS_PER_EXAMPLE, EVERY_RECOGNISED = 3, 1
"""Of so many beats one is an example: neighbours say much the same."""
SIMULATED_READINGS = 3
"""How often each song is read with a recogniser's faults, beside once as it was written. The first time, the third and
so on it modulates as well."""
BATCH_EXAMPLES, LEARNING_RATE, WEIGHT_DECAY = 256, 4e-3, 1e-2
UNIFORM_SHARE = 0.02
"""Of the chance that is spread over all kinds: what was thought impossible costs only so much."""


def make_all_examples(
    songs: Sequence[Progression], recognised: Sequence[RecognisedSong], seed: int
) -> ForesightExamples:
    """All examples: ``songs`` as written and with simulated errors, and those ``recognised`` by an analyser."""
    random = np.random.default_rng(seed)
    parts = [make_examples(song.states, song, BEATS_PER_EXAMPLE, random) for song in songs]
    for turn in range(SIMULATED_READINGS):
        read = songs if turn % 2 else [modulate(song, random) for song in songs]
        parts += [
            make_examples(simulate_recogniser(song.states, random), song, BEATS_PER_EXAMPLE, random) for song in read
        ]
    parts += [make_examples(each.recognised, each.song, EVERY_RECOGNISED, random) for each in recognised]
    return join(part for part in parts if part is not None)


def learn(examples: ForesightExamples, rounds: int, seed: int, say: Callable[[str], None]) -> ForesightNetwork:
    """A network that has seen all ``examples`` so many ``rounds``; the learning rate rises and falls once (Smith and
    Topin's one cycle)."""
    torch.manual_seed(seed)
    network = ForesightNetwork()
    steps = max(len(examples) // BATCH_EXAMPLES, 1)
    optimiser = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=rounds * steps)
    for number in range(rounds):
        total = 0.0
        for chosen in torch.randperm(len(examples)).numpy()[: steps * BATCH_EXAMPLES].reshape(steps, -1):
            cost = compute_loss(network, examples, chosen)
            optimiser.zero_grad()
            cost.backward()
            optimiser.step()
            schedule.step()
            total += float(cost.detach())
        say(f"round {number + 1} of {rounds}: {total / steps:.4f} nats a beat ahead")
    return network


def compute_loss(network: ForesightNetwork, examples: ForesightExamples, chosen: States) -> Tensor:
    """The mean negative log-likelihood of the chords that came, over the ``chosen`` examples and all beats ahead."""
    lags = torch.from_numpy(examples.lags[chosen].astype(np.float32))
    predicted = torch.from_numpy(examples.predicted[chosen].astype(np.int64)).reshape(-1, PREDICTORS, HORIZON)
    truth = torch.from_numpy(examples.truth[chosen].astype(np.int64))
    there = torch.from_numpy((examples.predicted[chosen][:, 0] >= 0).astype(np.float32))
    words, habit = network(lags, torch.from_numpy(examples.context[chosen]), there)
    probability = (words * (predicted == truth[:, None])).sum(1)
    probability = probability + habit.gather(2, truth.clamp(min=0)[..., None])[..., 0]
    known = truth >= 0
    cost: Tensor = -torch.log(probability * (1.0 - UNIFORM_SHARE) + UNIFORM_SHARE / KINDS)[known].mean()
    return cost
