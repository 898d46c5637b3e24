#!/bin/sh
# Makes a clone runnable: system packages where they are missing, then .venv with the versions of constraints.txt.
# Safe to run again at any time: it does nothing when nothing is missing, and rebuilds a .venv that was left half-made.
#
#   tools/setup.sh              do it
#   tools/setup.sh --dry-run    only print what it would do
#
#   PYTHON=python3.12           the Python to use (3.11 or newer)
#   SYSTEM=no                   leave system packages alone: without JACK the offline commands still work
#   SOUND_CARDS=/dev/snd        where sound cards are; PipeWire is installed for the tests only where there is none
set -eu
cd "$(dirname "$0")/.."

dry_run=no
case "${1-}" in
    "") ;;
    --dry-run) dry_run=yes ;;
    *) echo "usage: tools/setup.sh [--dry-run]" >&2; exit 2 ;;
esac

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$@" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
run() {
    printf '+ %s\n' "$*"
    [ "$dry_run" = yes ] || "$@"
}

# --- Python -----------------------------------------------------------------------------------------------------

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

python=""
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if new_enough "$candidate"; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
    python=${PYTHON:-python3}
    if have "$python"; then found="is $("$python" --version 2>&1)"; else found="was not found"; fi
    fail "Python 3.11 or newer is needed; $python $found" "install one and name it:  make setup PYTHON=python3.11"
fi
# the version as 3.11, and the interpreter itself, so that a change of either rebuilds .venv
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
interpreter=$("$python" -c 'import os, sys; print(os.path.realpath(sys.executable))')

wanted="$PWD $interpreter $version $(cat pyproject.toml constraints.txt tools/setup.sh | cksum)"
stamp=.venv/.sideman-setup
current=no
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && [ -x .venv/bin/python ]; then current=yes; fi

# --- system packages --------------------------------------------------------------------------------------------

missing=""
need() { case " $missing " in *" $1 "*) ;; *) missing="$missing $1" ;; esac; }

need_tools() {
    have jackd || need jackd2
    for tool in jack_wait jack_iodelay jack_samplerate; do have "$tool" || need jack-example-tools; done
    have oscsend || need liblo-tools
}

need_tools
if [ "$current" = no ]; then
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || need "python$version-venv"
    # python-rtmidi 1.5.8 has Linux wheels for these only; elsewhere pip compiles it
    case "$(uname -m)-$version" in
        x86_64-3.11 | x86_64-3.12 | aarch64-3.11 | aarch64-3.12) ;;
        *)
            have c++ || need g++
            have pkg-config || need pkg-config
            "$python" -c 'import os, sys, sysconfig as s
sys.exit(not os.path.exists(os.path.join(s.get_path("include"), "Python.h")))' || need "python$version-dev"
            [ -e /usr/include/alsa/asoundlib.h ] || need libasound2-dev
            [ -e /usr/include/jack/jack.h ] || need libjack-jackd2-dev
            ;;
    esac
fi

# Debian 12 has JACK's tools in jackd2; Debian 13 and Ubuntu 24.04 have them in a package of their own.
as_packaged_here() {
    for package in "$@"; do
        if [ "$package" = jack-example-tools ] && ! apt-cache show "$package" >/dev/null 2>&1; then package=jackd2; fi
        printf '%s\n' "$package"
    done | sort -u | tr '\n' ' '
}

apt="apt-get -o DPkg::Lock::Timeout=300"
options="-y --no-install-recommends"
root=""
updated=no

# Sets root to what goes before a command that root must run; false where there is no way.
find_root() {
    [ "$(id -u)" -eq 0 ] && return 0
    root=sudo
    have sudo
}

update_apt() {
    [ "$updated" = no ] || return 0
    updated=yes
    # shellcheck disable=SC2086  the options are meant to be split
    run $root env DEBIAN_FRONTEND=noninteractive $apt update -q ||
        say "apt-get update failed; trying with the package lists that are here"
}

install_with_apt() {
    if ! find_root; then
        fail "these system packages are missing: $(as_packaged_here "$@")" \
            "run as root:  apt-get update && apt-get install $options $(as_packaged_here "$@")" "then again:  make setup"
    fi
    say "missing system packages: $*"
    update_apt
    packages=$(as_packaged_here "$@")
    # shellcheck disable=SC2086
    run $root env DEBIAN_FRONTEND=noninteractive $apt install $options -q $packages ||
        fail "apt-get could not install: $packages" "run as root:  apt-get install $options $packages"
    [ "$dry_run" = no ] || return 0
    missing=""
    need_tools
    [ -z "$missing" ] || fail "installed, but still not found on PATH:$missing" "PATH is $PATH"
}

if [ -n "$missing" ] && [ "${SYSTEM:-yes}" = no ]; then
    say "left alone (SYSTEM=no); missing:$missing"
elif [ -n "$missing" ] && [ "$(uname -s)" = Darwin ]; then
    fail "JACK or its tools are missing; run (untried on macOS):  brew install jack liblo" \
        "then again:  make setup   (or, for files only:  make setup SYSTEM=no)"
elif [ -n "$missing" ] && have apt-get; then
    # shellcheck disable=SC2086
    install_with_apt $missing
elif [ -n "$missing" ]; then
    fail "missing, by their Debian names:$missing" \
        "install them with your system's package manager, then again:  make setup" \
        "or, for files only, without JACK:  make setup SYSTEM=no"
fi

# --- welcome, not needed ----------------------------------------------------------------------------------------

has_package() { case "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" in *" installed") ;; *) return 1 ;; esac; }

# offer WHAT-IT-IS-FOR WITHOUT-IT PACKAGE...: installs packages where that is possible, and goes on where it is not.
offer() {
    use=$1
    without=$2
    shift 2
    if find_root; then
        update_apt
        # shellcheck disable=SC2086
        run $root env DEBIAN_FRONTEND=noninteractive $apt install $options -q "$@" ||
            say "could not install $*: $without, the rest is as it was"
    else
        say "$use with these; run as root:  apt-get install $options $*"
    fi
}

sound=""
plugins=""
devices=""
pipewire=""
if [ "$current" = no ] && [ "${SYSTEM:-yes}" != no ] && have apt-get && have dpkg-query; then
    has_package libfluidsynth3 || sound="$sound libfluidsynth3"
    # any of those that Sideman looks for; this one is small
    has_package fluid-soundfont-gm || has_package timgm6mb-soundfont || sound="$sound timgm6mb-soundfont"
    has_package libportaudio2 || devices="$devices libportaudio2"
    # libraries of the plugin hosts; then plugins of shipped chains and of tests, which also compile one of their own
    for package in libatomic1 libgl1 libx11-6 zam-plugins dpf-plugins-vst amsynth g++; do
        has_package "$package" || plugins="$plugins $package"
    done
    # beside a sound card a PipeWire that is installed for tests would start with the session and take the card
    if [ ! -e "${SOUND_CARDS:-/dev/snd}" ]; then
        for package in pipewire wireplumber pipewire-jack dbus; do
            has_package "$package" || pipewire="$pipewire $package"
        done
    fi
fi
# shellcheck disable=SC2086
[ -z "$sound" ] || offer "the band has better sounds" "the band then has plainer sounds" $sound
# shellcheck disable=SC2086
[ -z "$devices" ] || offer "audio devices work without JACK" "sideman run --audio portaudio then does not work" $devices
# shellcheck disable=SC2086
[ -z "$plugins" ] || offer "plugin chains are tested" "the tests of plugin chains then skip what needs them" $plugins
# shellcheck disable=SC2086
[ -z "$pipewire" ] || offer "PipeWire is tested" "the tests on PipeWire are then skipped" $pipewire

# --- virtual environment ----------------------------------------------------------------------------------------

if [ "$current" = yes ]; then exit 0; fi

# The mark stands from before the first step to after the last: whoever finds it, finds a .venv to rebuild. So is
# one that another Python made, or that was moved here from another folder.
mark=.venv/.sideman-unfinished
made_by=.venv/.sideman-python
if [ -e "$mark" ] || [ "$(cat "$made_by" 2>/dev/null)" != "$PWD $interpreter $version" ] ||
    ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    say "making .venv with Python $version"
    run rm -rf .venv
    run mkdir .venv
    run touch "$mark"
    run "$python" -m venv .venv
    [ "$dry_run" = yes ] || printf '%s\n' "$PWD $interpreter $version" >"$made_by"
fi
run rm -f "$stamp"
run touch "$mark"
pip=".venv/bin/python -m pip --disable-pip-version-check install --quiet --no-input"
say "installing the Python packages (a minute or two the first time)"
# Everything pinned comes first, the build backend too, so that the project's own build needs no unpinned environment.
# shellcheck disable=SC2086
run $pip --requirement constraints.txt
# shellcheck disable=SC2086
run $pip --constraint constraints.txt --no-build-isolation --editable '.[dev,bench,chains,link]'
if [ "$dry_run" = no ]; then
    printf '%s\n' "$wanted" >"$stamp"
    rm -f "$mark"
    say "ready"
fi
