"""Environment of our processes: variables that libraries read at import, set before any import.

Each package of ours imports `bridge` first, and `bridge` imports this module; processes that we start inherit it.
"""

from __future__ import annotations

import os

import platformdirs

# ONNX Runtime reports to its maker unless this is set: it looks up a host and keeps an identity of the machine in the
# user's cache. Whatever was set before: nothing leaves the machine (docs/privacy.md)
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# the list of fonts that it makes is ours to keep, unless the user has a place for it
os.environ.setdefault("MPLCONFIGDIR", str(platformdirs.user_cache_path("sideman", appauthor=False) / "matplotlib"))
