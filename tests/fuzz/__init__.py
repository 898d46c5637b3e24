"""Fuzzers for every reader of untrusted bytes: files, sheets, settings, models, datagrams.

A target is a module in `tests/fuzz/targets` with a constant ``TARGET`` (`tests.fuzz.target.Target`): a function that is
given bytes and calls the reader as its command does, and seeds, which are small valid inputs. Only what the target
lists as ``refusals`` may be raised; anything else is a finding, and so is a hang or memory that grows.

``make test`` runs the inputs that are kept in `tests/fuzz/seeds/<target>` and some hundred mutations, always the same.
``make fuzz`` runs longer, guided by coverage (atheris, which is libFuzzer):

    python -m tests.fuzz midi --seconds 600     one target
    python -m tests.fuzz --seconds 600          all of them
    python -m tests.fuzz midi FILE              one input, with its traceback

An input that broke something is written to `build/fuzz/<target>`. Once the fault is fixed, move it to
`tests/fuzz/seeds/<target>` with a name that says what it is.
"""
