"""Controller mappings, one TOML a device, read through importlib.resources."""
