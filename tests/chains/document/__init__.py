"""Tests of chain documents: no plugin and no host is loaded."""
