"""What this machine lacks for ``sideman run``, and the mend for each, in one line.

Nothing here starts a server, changes a setting or needs JACK to be installed.
"""

from bridge.doctor.checks import run_checks
from bridge.doctor.finding import Finding, as_json, exit_code, render

__all__ = ["Finding", "as_json", "exit_code", "render", "run_checks"]
