"""Engines that ship with Sideman; the bridge finds them by entry point and imports none."""

import bridge as _bridge  # noqa: F401  (sets the environment before an engine loads a library)
