"""Shipped session presets, one TOML file each, read through importlib.resources."""
