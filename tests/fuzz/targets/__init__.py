"""Fuzz targets, one module per reader: see `tests.fuzz`."""
