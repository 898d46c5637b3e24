"""Doctor: checks this machine for ``sideman run``, and how to fix each problem, in one line.

Nothing here starts a server, changes a setting or needs JACK to be installed.
"""

from bridge.doctor.checks import run_checks
from bridge.doctor.finding import Finding, exit_code, render, to_json

__all__ = ["Finding", "exit_code", "render", "run_checks", "to_json"]
