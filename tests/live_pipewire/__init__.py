"""Tests on a headless PipeWire of their own, with sidecars as processes: libjack is chosen when a process starts."""
