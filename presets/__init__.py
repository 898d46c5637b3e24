"""Shipped session presets, one TOML each, read through importlib.resources."""
