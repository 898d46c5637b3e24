"""Benchmarks: commands that measure cost and quality; bench/README.md lists them. No part of the product."""
