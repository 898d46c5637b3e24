"""Benchmarks that print what README and docs claim."""
