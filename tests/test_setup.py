"""The set-up script: what is missing is named exactly, what is there is left alone. Nothing is installed here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import HANG_S

ROOT = Path(__file__).parent.parent
TOOLS = ("cat", "cksum", "cp", "dirname", "env", "mkdir", "printf", "rm", "sed", "sh", "sort", "touch", "tr")
JACK_TOOLS = ("jackd", "jack_wait", "jack_iodelay", "jack_samplerate", "oscsend")

SOUND = ("libfluidsynth3", "fluid-soundfont-gm")
CHAINS = ("libatomic1", "libgl1", "libx11-6", "zam-plugins", "dpf-plugins-vst", "amsynth", "g++")
PIPEWIRE = ("pipewire", "wireplumber", "pipewire-jack", "dbus")
DEVICES = ("libportaudio2",)
"""Packages for the band's sound, for plugin chains, for the tests on PipeWire, and for audio devices without JACK."""

VENV_PYTHON = """case "$*" in
*" install "*) echo install >>pip.log; [ ! -e break-pip ] ;;
esac"""
"""The fake Python of the fake environment: installing is counted, and fails on request."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a shell script")


class Machine:
    """A machine of our own making: a clone, and a PATH with nothing on it but what is put there."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.clone = folder / "clone"
        self.bin.mkdir()
        (self.clone / "tools").mkdir(parents=True)
        for name in ("pyproject.toml", "constraints.txt", "tools/setup.sh"):
            shutil.copy(ROOT / name, self.clone / name)
        for tool in TOOLS:
            (self.bin / tool).symlink_to(str(shutil.which(tool)))
        self.command("id", "echo 0")
        self.command("uname", "case $1 in -m) echo x86_64 ;; *) echo Linux ;; esac")
        self.command("venv-python", VENV_PYTHON)
        self.python("3.11")

    def command(self, name: str, script: str = ":") -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def python(self, version: str, *, venv: bool = True) -> None:
        """A python3 that claims a version, with or without the modules that make virtual environments."""
        new = "0" if version != "3.10" else "1"
        self.command(
            "python3",
            f"""case "$*" in
*"version_info <"*) exit {new} ;;
*%d.%d*) echo {version} ;;
*realpath*) echo /usr/bin/python{version} ;;
*ensurepip*) exit {0 if venv else 1} ;;
*Python.h*) exit 1 ;;
"-m venv .venv") mkdir -p .venv/bin && cp ../bin/venv-python .venv/bin/python ;;
--version) echo Python {version}.0 ;;
*) exit 9 ;;
esac""",
        )

    def apt(self, *, has_example_tools: bool = False) -> None:
        self.command("apt-get", "exit 9")
        self.command("apt-cache", f"exit {0 if has_example_tools else 100}")
        self.packages(*SOUND, *CHAINS, *DEVICES)

    def packages(self, *installed: str) -> None:
        """What dpkg knows of the packages that are welcome, not needed."""
        self.command("dpkg-query", f'case " {" ".join(installed)} " in *" $4 "*) echo "install ok installed" ;; esac')

    def jack(self) -> None:
        for tool in JACK_TOOLS:
            self.command(tool)

    def setup(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.clone / "tools/setup.sh"), *(arguments or ("--dry-run",))],
            env={"PATH": str(self.bin), "SOUND_CARDS": str(self.bin), **env},
            capture_output=True,
            text=True,
            timeout=HANG_S,
            check=False,
        )


@pytest.fixture
def computer(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def installed(output: str) -> set[str]:
    """The packages on the line that would install them."""
    lines = [line for line in output.splitlines() if " install -y" in line and "apt-get" in line]
    return {word for line in lines for word in line.split("--no-install-recommends")[1].split() if word[0] != "-"}


def test_on_debian_12_jackd2_brings_jacks_tools(computer: Machine) -> None:
    computer.apt()
    computer.python("3.11", venv=False)
    assert installed(computer.setup().stdout) == {"jackd2", "liblo-tools", "python3.11-venv"}


def test_on_debian_13_jacks_tools_are_a_package_of_their_own(computer: Machine) -> None:
    computer.apt(has_example_tools=True)
    computer.python("3.12", venv=False)
    wanted = {"jackd2", "jack-example-tools", "liblo-tools", "python3.12-venv"}
    assert installed(computer.setup().stdout) == wanted


def test_a_python_without_a_wheel_of_python_rtmidi_gets_what_compiling_it_needs(computer: Machine) -> None:
    computer.apt()
    computer.jack()
    computer.python("3.13")
    packages = installed(computer.setup().stdout)
    assert {"g++", "pkg-config", "python3.13-dev"} <= packages
    assert "jackd2" not in packages


def test_apt_is_not_run_where_nothing_is_missing(computer: Machine) -> None:
    computer.apt()
    computer.jack()
    done = computer.setup()
    assert done.returncode == 0
    assert "apt-get" not in done.stdout


def test_a_user_goes_through_sudo(computer: Machine) -> None:
    computer.apt()
    computer.command("id", "echo 1000")
    computer.command("sudo", "exit 9")
    lines = [line for line in computer.setup().stdout.splitlines() if "apt-get" in line]
    assert lines and all(line.startswith("+ sudo env DEBIAN_FRONTEND=noninteractive apt-get") for line in lines)


def test_without_sudo_the_exact_line_is_printed_and_the_setup_fails(computer: Machine) -> None:
    computer.apt()
    computer.command("id", "echo 1000")
    done = computer.setup()
    assert done.returncode == 1
    assert "apt-get update && apt-get install -y --no-install-recommends jackd2 liblo-tools" in done.stderr


def test_a_failing_apt_fails_the_setup_and_says_what_to_run(computer: Machine) -> None:
    computer.apt()
    done = computer.setup("")
    assert done.returncode == 1
    assert "run as root:  apt-get install" in done.stderr
    assert not (computer.clone / ".venv").exists()


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        ((), {"libfluidsynth3", "timgm6mb-soundfont"}),
        (("timgm6mb-soundfont",), {"libfluidsynth3"}),
        (("libfluidsynth3",), {"timgm6mb-soundfont"}),
        (("libfluidsynth3", "timgm6mb-soundfont"), set()),
    ],
)
def test_the_band_gets_a_synthesizer_and_a_small_font_where_there_is_none(
    computer: Machine, there: tuple[str, ...], wanted: set[str]
) -> None:
    computer.apt()
    computer.jack()
    computer.packages(*there, *CHAINS, *DEVICES)
    done = computer.setup()
    assert done.returncode == 0
    assert installed(done.stdout) == wanted


@pytest.mark.parametrize("absent", [CHAINS, ("amsynth",), ("g++", "libgl1"), ()])
def test_plugin_chains_get_what_they_and_their_tests_use(computer: Machine, absent: tuple[str, ...]) -> None:
    computer.apt()
    computer.jack()
    computer.packages(*SOUND, *DEVICES, *(package for package in CHAINS if package not in absent))
    done = computer.setup()
    assert done.returncode == 0
    assert installed(done.stdout) == set(absent)


def test_audio_devices_get_their_library(computer: Machine) -> None:
    computer.apt()
    computer.jack()
    computer.packages(*SOUND, *CHAINS)
    done = computer.setup()
    assert done.returncode == 0
    assert installed(done.stdout) == set(DEVICES)


@pytest.mark.parametrize(("has_card", "wanted"), [(False, {"wireplumber", "pipewire-jack"}), (True, set())])
def test_pipewire_for_the_tests_is_installed_only_where_there_is_no_sound_card(
    computer: Machine, has_card: bool, wanted: set[str]
) -> None:
    computer.apt()
    computer.jack()
    computer.packages(*SOUND, *CHAINS, *DEVICES, "pipewire", "dbus")
    cards = computer.bin.parent / "snd"
    if has_card:
        cards.mkdir()
    done = computer.setup(SOUND_CARDS=str(cards))
    assert done.returncode == 0
    assert installed(done.stdout) == wanted


def test_a_sound_that_cannot_be_installed_breaks_no_setup_and_is_not_tried_again(computer: Machine) -> None:
    computer.apt()
    computer.jack()
    computer.packages()
    done = computer.setup("")
    assert done.returncode == 0, done.stderr
    assert "could not install libfluidsynth3 timgm6mb-soundfont: the band" in done.stdout
    assert f"could not install {' '.join(CHAINS)}: the tests of plugin chains" in done.stdout
    assert computer.setup("").stdout == ""


def test_without_root_the_line_for_the_sound_is_said_and_the_setup_goes_on(computer: Machine) -> None:
    computer.apt()
    computer.jack()
    computer.packages()
    computer.command("id", "echo 1000")
    done = computer.setup()
    assert done.returncode == 0
    assert "apt-get install -y --no-install-recommends libfluidsynth3 timgm6mb-soundfont" in done.stdout
    assert f"apt-get install -y --no-install-recommends {' '.join(CHAINS)}" in done.stdout
    assert installed(done.stdout.replace("root:  apt-get", "")) == set()


def test_on_macos_the_brew_line_is_printed(computer: Machine) -> None:
    computer.command("uname", "echo Darwin")
    done = computer.setup()
    assert done.returncode == 1
    assert "untried" in done.stderr
    assert "brew install jack liblo" in done.stderr


def test_elsewhere_the_missing_packages_are_named(computer: Machine) -> None:
    done = computer.setup()
    assert done.returncode == 1
    assert "jackd2 jack-example-tools liblo-tools" in done.stderr


def test_system_packages_can_be_left_alone(computer: Machine) -> None:
    computer.apt()
    done = computer.setup(SYSTEM="no")
    assert done.returncode == 0
    assert "apt-get" not in done.stdout
    assert "-m venv .venv" in done.stdout


def test_an_old_python_is_refused_with_its_version(computer: Machine) -> None:
    computer.python("3.10")
    done = computer.setup()
    assert done.returncode == 1
    assert "3.11 or newer is needed; python3 is Python 3.10.0" in done.stderr


def test_a_python_that_is_not_there_is_refused(computer: Machine) -> None:
    done = computer.setup(PYTHON="python9")
    assert done.returncode == 1
    assert "python9 was not found" in done.stderr


def runs_of_pip(computer: Machine) -> int:
    log = computer.clone / "pip.log"
    return len(log.read_text().splitlines()) if log.exists() else 0


@pytest.mark.parametrize("harm", ["pip fails", "python is gone", "constraints change", "nothing"])
def test_a_second_setup_repairs_what_was_left_half_made_and_else_does_nothing(computer: Machine, harm: str) -> None:
    computer.jack()
    breaker = computer.clone / "break-pip"
    if harm == "pip fails":
        breaker.touch()
    first = computer.setup("")
    assert (first.returncode == 0) == (harm != "pip fails"), first.stderr
    breaker.unlink(missing_ok=True)
    if harm == "python is gone":
        (computer.clone / ".venv/bin/python").unlink()
    if harm == "constraints change":
        with (computer.clone / "constraints.txt").open("a") as file:
            file.write("another==1\n")
    before = runs_of_pip(computer)
    second = computer.setup("")
    assert second.returncode == 0, second.stderr
    assert (runs_of_pip(computer) > before) == (harm != "nothing")
    assert ("making .venv" in second.stdout) == (harm in {"pip fails", "python is gone"})
    assert computer.setup("").stdout == ""
