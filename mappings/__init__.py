"""Controller mappings, one TOML file per device, read through importlib.resources."""
