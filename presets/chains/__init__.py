"""Shipped plugin chains, one TOML file each, read through importlib.resources."""
