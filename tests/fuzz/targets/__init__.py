"""Fuzz targets, one module a reader: see `tests.fuzz`."""
