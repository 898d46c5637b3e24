"""systemd unit: the text of a user's service that starts ``sideman run`` with the desktop."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence

from bridge.config import CONFIG_HOME_VARIABLE
from bridge.errors import ConfigError
from bridge.printing import WRONG_USE

UNIT = """\
[Unit]
Description=Sideman, the session player beside a DAW
# no order where there is none of them: jackd may be started by hand later
After=pipewire.service wireplumber.service jack.service
# without JACK it ends with an error, and is started again as often as it takes
StartLimitIntervalSec=0

[Service]
ExecStart={command}
{environment}UnsetEnvironment=NSM_URL
Restart=on-failure
RestartSec=10
# settings that are refused are refused again
RestartPreventExitStatus={refused}
# ended while it was still starting
SuccessExitStatus={ended}
# longer than Sideman gives its engines and jobs to end
TimeoutStopSec=20

[Install]
WantedBy=default.target
"""

ENDED = 128 + signal.SIGTERM
"""Exit status of a Sideman that is ended by SIGTERM while it starts; one that runs ends with 0."""
_FIX = "install Sideman in a folder with a plain name"


def format_unit(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """The unit that starts ``command``; of ``environment`` it keeps SIDEMAN_CONFIG_HOME.

    Raises:
        ConfigError: A path has a line break, or the program's a quote or backslash: systemd takes none of them.
    """
    if set(command[0]) & set("\"'\\"):
        raise ConfigError(f"{command[0]!r} cannot stand in a systemd unit", _FIX)
    kept = environment.get(CONFIG_HOME_VARIABLE, "")
    lines = f"Environment={_quote(f'{CONFIG_HOME_VARIABLE}={kept}')}\n" if kept else ""
    # behind the first word of ExecStart systemd replaces variables
    words = [_quote(command[0]), *(_quote(word).replace("$", "$$") for word in command[1:])]
    return UNIT.format(command=" ".join(words), environment=lines, refused=WRONG_USE, ended=ENDED)


def _quote(word: str) -> str:
    """``word`` in quotes, as systemd reads it (systemd.syntax, systemd.unit on specifiers)."""
    if not word.isprintable():
        raise ConfigError(f"{word!r} cannot stand in a systemd unit", _FIX)
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'
