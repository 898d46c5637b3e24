"""Insert context: the arrays of the insert points that the callback works on, a table of its own like control's."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import STEMS
from bridge.core.insert import INSERT_POINTS
from bridge.runtime.shared.layout import InsertArrays
from bridge.runtime.shared.slots import FADE_FRAMES, FADE_WORDS

STEM_GROUP, MIX_GROUP, BAND_GROUP, GROUPS = range(4)
"""Insert points that have one delay: the stems, the mix, the band."""
FIRST_POINTS = (0, len(STEMS), len(STEMS) + 1, len(INSERT_POINTS))
"""First point of each group; the last entry is the end."""

(
    GROUP_DELAY,        # the delay in force
    GROUP_LEVEL,        # 0..FADE_FRAMES: level of the output around a change of delay; stems: DELAY_CHANGE_FADE
    GROUP_USED,         # 1 while the send rings are written
    GROUP_BEGIN,        # the frame from which on they are whole
    GROUP_WORDS,
) = range(5)  # fmt: skip

(
    FREEWHEELING,       # FREEWHEEL of the last cycle
    INSERTS_RESTARTED,  # the last RESTART that was served
    INSERT_OWN_WORDS,
) = range(3)  # fmt: skip


class InsertContext(InsertArrays):
    """The shared arrays, and those below, which are private to the callback."""

    fades: Annotated[NDArray[np.int64], len(INSERT_POINTS), FADE_WORDS]  # of the returned audio over the delayed input
    groups: Annotated[NDArray[np.int64], GROUPS, GROUP_WORDS]
    own: Annotated[NDArray[np.int64], INSERT_OWN_WORDS]
    wake: Annotated[NDArray[np.int64], len(INSERT_POINTS)]  # address of each worker's semaphore; 0: it polls


def make_insert_context(shared: InsertArrays) -> InsertContext:
    """A context over ``shared``, which is cleared, for the first callback: every point is off."""
    specs = list(InsertContext.specs.values())[len(shared) :]
    context = InsertContext(*shared, *(np.empty(spec.shape_at({}), spec.dtype) for spec in specs))
    for array in context:
        array.fill(0)  # pre-faults the pages: the callback must not
    context.groups[:, GROUP_LEVEL] = FADE_FRAMES
    return context
