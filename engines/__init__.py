"""Engines that ship with Sideman; the bridge finds them by entry point and imports none."""
