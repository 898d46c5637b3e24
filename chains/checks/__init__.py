"""Chain checks: the tests of ``sideman chain check``, and their reports."""
