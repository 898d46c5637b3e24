"""Watched processes: what a command, and whatever it starts, asks of the network and writes outside our own folders.

Two nets, for what Python does and for what libraries do: an audit hook in every Python process, and, where there is a C
compiler on Linux, functions put before those of the C library, which also keep anything from leaving.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bridge.core.jit import CACHE

ROOT = Path(__file__).parent.parent
LOG = "SIDEMAN_WATCHED"
OWN = (".cache/sideman/", ".config/sideman/", ".local/share/sideman/", ".local/state/sideman/")
"""Where the files of a user's own may lie, below a home on Linux."""

HOOK = f"""
import os, sys
log = os.environ.get({LOG!r})
def near(address):
    host = address[0] if isinstance(address, tuple) else address
    host = host.decode() if isinstance(host, bytes) else host
    name = str(host or "localhost")
    return not isinstance(address, (tuple, str)) or name.startswith(("127.", "localhost", "::1", "/"))
def hook(event, args):
    asked = None
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
        asked = args[0]
    elif event in ("socket.connect", "socket.sendto"):
        asked = args[1]
    if asked is not None and not near(asked):
        os.write(file, f"python {{event}} {{asked}} in {{sys.argv[:3]}}\\n".encode())
if log:
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    sys.addaudithook(hook)
"""

LIBRARY = r"""
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void say(const char *what, const char *to) {
    const char *log = getenv("SIDEMAN_WATCHED");
    int file = log ? open(log, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    if (file < 0) return;
    dprintf(file, "c %s %s\n", what, to);
    close(file);
}

static int near_name(const char *name) {
    struct in6_addr ignored;
    return !name || !strcmp(name, "localhost") || inet_pton(AF_INET, name, &ignored) == 1
        || inet_pton(AF_INET6, name, &ignored) == 1;
}

static int far(const struct sockaddr *to) {
    if (to && to->sa_family == AF_INET)
        return (ntohl(((const struct sockaddr_in *)to)->sin_addr.s_addr) >> 24) != 127;
    if (to && to->sa_family == AF_INET6)
        return !IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)to)->sin6_addr);
    return 0;
}

typedef int (*lookup)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    lookup real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (near_name(node)) return real(node, service, hints, found);
    say("getaddrinfo", node);
    return EAI_FAIL;
}

struct hostent *gethostbyname(const char *name) { say("gethostbyname", name); h_errno = NO_RECOVERY; return 0; }

int connect(int socket, const struct sockaddr *to, socklen_t size) {
    int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
    if (!far(to)) return real(socket, to, size);
    say("connect", "a far address");
    errno = ENETUNREACH;
    return -1;
}

ssize_t sendto(int socket, const void *data, size_t length, int flags, const struct sockaddr *to, socklen_t size) {
    ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "sendto");
    if (!far(to)) return real(socket, data, length, flags, to, size);
    say("sendto", "a far address");
    errno = ENETUNREACH;
    return -1;
}
"""


@dataclass(frozen=True)
class Watched:
    """A home that has never been used, and an environment in which processes are watched."""

    folder: Path
    env: dict[str, str]

    @property
    def asked(self) -> list[str]:
        """A line for each name that was looked up and each far address that was written to."""
        log = Path(self.env[LOG])
        return log.read_text().splitlines() if log.exists() else []

    @property
    def foreign(self) -> list[str]:
        """Every file below home, temporary and working folder that is not in a folder of ours, nor in ``out``."""
        files = [path for path in self.folder.rglob("*") if not path.is_dir() and "watch" not in path.parts]
        names = [path.relative_to(self.folder).as_posix() for path in files]
        return sorted(name for name in names if not name.startswith((*(f"home/{own}" for own in OWN), "work/out/")))

    def run(self, *command: str, timeout_s: float = 600.0) -> subprocess.CompletedProcess[str]:
        """Run ``command`` in the working folder, to its end."""
        return subprocess.run(
            command,
            env=self.env,
            cwd=self.folder / "work",
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )


def watch(folder: Path) -> Watched:
    """Set the watch up in the empty ``folder``. What is compiled is taken from this process's own cache."""
    for name in ("home", "tmp", "work", "watch"):
        (folder / name).mkdir()
    (folder / "watch" / "sitecustomize.py").write_text(HOOK)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "SIDEMAN_"))}
    env = kept | {
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        LOG: str(folder / "watch" / "log"),
        "PYTHONPATH": os.pathsep.join([str(folder / "watch"), str(ROOT)]),
        "NUMBA_CACHE_DIR": str(CACHE.folder or ""),
        "ORT_DISABLE_TELEMETRY": "0",  # a user who, by accident, has it on
    }
    compiler = shutil.which("cc")
    if sys.platform == "linux" and compiler is not None:
        source, library = folder / "watch" / "watch.c", folder / "watch" / "watch.so"
        source.write_text(LIBRARY)
        subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
        env["LD_PRELOAD"] = str(library)
    return Watched(folder, env)
