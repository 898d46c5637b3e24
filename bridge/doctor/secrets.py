"""Settings file check: whether other users of this machine can read the token in it, or change it."""

from __future__ import annotations

import importlib
import os
import shlex
import stat
from pathlib import Path

from bridge.doctor.finding import Finding

NAME = "settings file"


def check_settings_file(path: Path, has_token: bool) -> Finding:
    """Who else can read or write the settings at ``path``. ``has_token``: they hold the token of the network.

    Only POSIX has file modes; on Windows other users cannot open a user's own folder.
    """
    try:
        found, folder = path.stat(), path.resolve().parent.stat()
    except OSError:
        fix = "to change them, make that text file, with schema = 1 on its first line (docs/settings.md)"
        return Finding(NAME, "ok", f"no {path}; the defaults are used", fix)
    if os.name != "posix":
        return Finding(NAME, "ok", str(path))
    mine = (os.getuid(), 0)
    if found.st_uid not in mine:
        fix = f'sudo chown "$USER" {_quote(path)}'
        return Finding(NAME, "warn", f"{path} belongs to another user, who can change it", fix)
    if has_token and _rights_of_others(found) & (stat.S_IRGRP | stat.S_IROTH):
        return Finding(NAME, "warn", f"other users can read the token in {path}", f"chmod 600 {_quote(path)}")
    if _rights_of_others(found) & (stat.S_IWGRP | stat.S_IWOTH):
        return Finding(NAME, "warn", f"other users can change {path}", f"chmod 600 {_quote(path)}")
    # in a sticky folder, such as /tmp, a file is its owner's alone to replace
    if _rights_of_others(folder) & (stat.S_IWGRP | stat.S_IWOTH) and not folder.st_mode & stat.S_ISVTX:
        fix = f"chmod go-w {_quote(path.resolve().parent)}"
        return Finding(NAME, "warn", f"other users can put another file in place of {path}", fix)
    return Finding(NAME, "ok", str(path))


def _rights_of_others(found: os.stat_result) -> int:
    """The rights that other users have, as bits of a mode."""
    groups = 0 if _is_private(found.st_gid, found.st_uid) else stat.S_IRWXG
    return found.st_mode & (stat.S_IRWXO | groups)


def _quote(path: Path) -> str:
    return shlex.quote(str(path))


def _is_private(gid: int, uid: int) -> bool:
    """Whether the group is the user's own, with nobody else in it, as Debian and Fedora give each user one."""
    users, groups = importlib.import_module("pwd"), importlib.import_module("grp")
    try:
        user, group = users.getpwuid(uid), groups.getgrgid(gid)
    except KeyError:
        return False
    return bool(uid != 0 and user.pw_gid == gid and group.gr_name == user.pw_name and not group.gr_mem)
