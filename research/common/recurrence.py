"""A gated linear recurrence (as in minGRU: Feng et al., "Were RNNs All We Needed?", 2024).

The gates look at the input alone, so that training computes all steps at once in matrix products and only the sum over
time is a loop, and a live step is a handful of products.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def scan_in_parallel(keep: Tensor, new: Tensor, first: Tensor) -> Tensor:
    """h[t] = keep[t] h[t-1] + new[t] along axis 1 from ``first``, in a logarithmic number of products over all steps.

    After W. D. Hillis and G. L. Steele, "Data parallel algorithms" (1986): an accelerator does few large operations
    faster than many small ones. On a processor it costs more than the loop.
    """
    states = new.clone()
    states[:, 0].addcmul_(keep[:, 0], first)
    factors, shift = keep.clone(), 1
    while shift < new.shape[1]:
        states[:, shift:] = states[:, shift:] + factors[:, shift:] * states[:, :-shift]
        factors[:, shift:] = factors[:, shift:] * factors[:, :-shift]
        shift *= 2
    return states


class _Scan(torch.autograd.Function):
    """h[t] = keep[t] h[t-1] + new[t] along axis 1, with the gradient by the same recurrence backwards."""

    @staticmethod
    def forward(ctx, keep: Tensor, new: Tensor, first: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        if new.is_cuda:
            states = scan_in_parallel(keep, new, first)
        else:
            states = torch.empty_like(new)
            before = first
            for t in range(new.shape[1]):
                before = torch.addcmul(new[:, t], keep[:, t], before, out=states[:, t])
        ctx.save_for_backward(keep, states, first)
        return states

    @staticmethod
    def backward(ctx, wanted: Tensor) -> tuple[Tensor, Tensor, Tensor]:  # type: ignore[no-untyped-def]
        keep, states, first = ctx.saved_tensors
        last = keep.shape[1] - 1
        if keep.is_cuda:  # the same from the last step on: what a step keeps is the next one's gate
            gates = torch.cat([keep[:, 1:], torch.zeros_like(keep[:, :1])], 1).flip(1)
            into = scan_in_parallel(gates, wanted.flip(1), torch.zeros_like(first)).flip(1)
        else:
            into = torch.empty_like(states)
            into[:, last] = wanted[:, last]
            for t in range(last - 1, -1, -1):
                torch.addcmul(wanted[:, t], keep[:, t + 1], into[:, t + 1], out=into[:, t])
        kept = torch.empty_like(keep)
        torch.mul(into[:, 1:], states[:, :-1], out=kept[:, 1:])
        torch.mul(into[:, 0], first, out=kept[:, 0])
        return kept, into, into[:, 0] * keep[:, 0]


class Recurrence(nn.Module):
    """Time: each channel remembers for as long as its gate says; what stands between batch and channels is apart."""

    def __init__(self, width: int, longest: float = 5.5) -> None:
        """``longest``: the first gates keep from one step to about e to this power."""
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.into = nn.Linear(width, 3 * width)
        self.back = nn.Linear(width, width)
        with torch.no_grad():  # memories of all lengths from the start
            self.into.bias[:width] = torch.linspace(0.0, longest, width)
            self.back.weight *= 0.5

    def forward(self, x: Tensor, first: Tensor) -> tuple[Tensor, Tensor]:
        """``x`` (batch, steps, ..., width), ``first`` (batch, ..., width): the result and the last memory."""
        keep, new, gate = self.into(self.norm(x)).chunk(3, -1)
        keep = torch.sigmoid(keep.float())  # in 16 bits a memory of 256 steps would be one for ever
        fresh = (1.0 - keep) * new
        states = keep * first.unsqueeze(1) + fresh if x.shape[1] == 1 else _Scan.apply(keep, fresh, first)
        return x + self.back(states * nn.functional.silu(gate)), states[:, -1]
