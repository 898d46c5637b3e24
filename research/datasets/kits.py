"""Drum kits: the one-shots of a role by loudness, from recordings, from Hydrogen's kits and synthesised."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bridge.core.arrays import Float32Array
from bridge.errors import ConfigError
from research.datasets.effects import Random, apply_filter
from research.datasets.sources import EMPTY_PEAK, RATE, Recording, decode

ROLES = (
    "kick", "snare", "stick", "clap", "closed", "pedal", "open", "tom_high", "tom_mid", "tom_low", "crash", "ride",
    "perc",
)  # fmt: skip
INSTEAD = {
    "stick": "snare", "clap": "snare", "pedal": "closed", "open": "closed", "tom_high": "tom_mid",
    "tom_mid": "tom_low", "tom_low": "tom_high", "ride": "crash", "crash": "ride", "perc": "clap",
}  # fmt: skip
LONGEST_S = 4.0

_NAMES = (
    ("perc", r"cowbell|perc_bell|dununba\d? bell|sangban\d bell|kenkeni\d bell"),
    ("tom_low", r"tom.?(lo|4|l\b|floor)|floor tom|low tom|_tl_|tom low"),
    ("tom_high", r"tom.?(hi|1)|high tom|_th_|tom high"),
    ("tom_mid", r"(?<![a-z])tom|_tm_|drum [12]$|bobobo_tenor"),
    ("kick", r"kick|bass ?drum|\bbd_|kdrum|_ks_|drum_bass|thump|dununba\d? head|bobobo_bass|cajon_sl[12]"),
    ("stick", r"stick|rim click|wood|_ss_|clave"),
    ("clap", r"clap|snap"),
    ("snare", r"snare|\bsn_|_s[ce]_|redo super|cajon_s|slap|_sn_|_sr_"),
    ("pedal", r"pedal|_hf_| pd\b"),
    ("open", r"(hat|hh).*(open|semi|free| op\b|swish)|(open|side o).*(hat|hh)|hihatopen|_ho_|cymbal_open| op "),
    ("closed", r"hat|hh|_h[chlt]_|cymbal_closed|maraca"),
    ("ride", r"ride|bell|cup|cymbal 2"),
    ("crash", r"crash|splash|china|cymbal"),
)  # fmt: skip


@dataclass(frozen=True)
class DrumShot:
    """``wave`` (2, frames) with a peak of one; ``loudness``: how hard it was struck, in the order of its role."""

    wave: Float32Array
    loudness: float


@dataclass
class DrumKit:
    """``shots[role][article]``: an article is one drum (a kit may have two snares)."""

    name: str
    shots: dict[str, dict[str, list[DrumShot]]] = field(default_factory=dict)

    def put(self, role: str, article: str, shot: DrumShot) -> None:
        self.shots.setdefault(role, {}).setdefault(article, []).append(shot)


def find_role(name: str) -> str:
    """The role that a name of a sound tells, or perc."""
    lower = name.lower()
    return next((role for role, pattern in _NAMES if re.search(pattern, lower)), "perc")


def trim(wave: Float32Array, gain_db: float = 0.0, longest_s: float = LONGEST_S) -> DrumShot | None:
    """The sound from its beginning (2 ms before 1 % of the peak) to its end; None where it is empty."""
    peak = float(np.abs(wave).max(initial=0.0))
    if peak < EMPTY_PEAK:
        return None
    envelope = np.abs(wave).max(0)
    start = max(0, int(np.argmax(envelope > 0.01 * peak)) - 88)
    loud = np.flatnonzero(envelope > 0.002 * peak)
    stop = min(int(loud[-1]) + 400, start + int(longest_s * RATE), wave.shape[1])
    piece = wave[:, start:stop] / np.float32(peak)
    if piece.shape[1] < 400:
        return None
    piece[:, :20] *= np.linspace(0, 1, 20, dtype=np.float32)
    fade = min(2000, piece.shape[1] // 4)
    piece[:, -fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    loudness = float(np.sqrt((piece[:, :4410] ** 2).mean())) * peak / 10 ** (gain_db / 20)
    return DrumShot(np.ascontiguousarray(piece), loudness)


def load_recorded_kits(recordings: Iterable[Recording]) -> dict[str, DrumKit]:
    """Kits from the collection; a kit with several microphones becomes one kit a microphone, loops are left out."""
    kits: dict[str, DrumKit] = {}
    for recording in recordings:
        if recording.stem != "drums" or recording.kind != "drums" or recording.piece.startswith("loop_"):
            continue
        if recording.group == "rumpf-kit":
            continue  # names say nothing; Hydrogen's copy of the kit knows what they are
        if re.match(r"cajon_r|SnareRest", recording.piece):
            continue  # the hand leaving the cajon, the snare humming along
        name, article = recording.group, re.sub(r"(_|-)(vl|rr|\d).*$", "", recording.piece)
        if recording.group == "gogodze-phu-2":
            microphone, _, article = recording.piece.partition("_mic_")
            if microphone in ("kick", "snare"):
                continue
            name, article = f"{name}.{microphone}", article[:2]
        elif recording.group == "sonicpi":
            article = re.sub(r"(_(hard|soft)|\d)$", "", recording.piece)
        elif recording.group == "frankensnare":
            article = recording.piece.split("_top_")[0]
        role = "snare" if recording.group == "frankensnare" else find_role(recording.piece)
        if recording.group.startswith("gogodze-phu"):
            role = find_role(f"_{article}_")
        shot = trim(decode(recording.path), recording.gain_db)
        if shot is not None:
            kits.setdefault(name, DrumKit(name)).put(role, article, shot)
    return kits


def load_hydrogen_kits(folder: Path, without: Iterable[str] = ()) -> dict[str, DrumKit]:
    """The drum kits of Hydrogen that are unpacked in ``folder``; files that cannot be decoded are left out."""
    kits: dict[str, DrumKit] = {}
    unwanted = tuple(without)
    for sheet in sorted(folder.glob("*/drumkit.xml")):
        kit = DrumKit(sheet.parent.name)
        if unwanted and kit.name.startswith(unwanted):
            continue
        for instrument in ElementTree.parse(sheet).getroot().iter():
            if not instrument.tag.endswith("instrument"):
                continue
            label = _read_text(instrument, "name")
            role = find_role(label)
            for element in instrument.iter():  # older sheets name one file beside the layers, newer ones in them
                file = sheet.parent / _read_text(element, "filename")
                if not file.is_file() or label.startswith("Sample:"):
                    continue
                try:
                    shot = trim(decode(file))
                except ConfigError:
                    continue
                if shot is not None:
                    force = float(_read_text(element, "max") or 1.0)
                    kit.put(role, label, DrumShot(shot.wave, force))
        if kit.shots:
            kits[kit.name] = kit
    return kits


def _read_text(element: ElementTree.Element, name: str) -> str:
    for child in element:
        if child.tag.rpartition("}")[2] == name:
            return (child.text or "").strip()
    return ""


def synthesise_kit(random: Random) -> DrumKit:
    """A drum machine: sines that fall, noise, and squares out of tune for the cymbals."""
    kit = DrumKit("machine")

    def put(role: str, wave: Float32Array) -> None:
        both = np.repeat(wave[None].astype(np.float32), 2, 0)
        shot = trim(both)
        if shot is not None:
            kit.put(role, "machine", shot)

    def times(seconds: float) -> Float32Array:
        return np.arange(int(seconds * RATE), dtype=np.float32) / np.float32(RATE)

    def noise(t: Float32Array, hz: float, kind: str = "high") -> Float32Array:
        hiss = np.repeat(random.standard_normal((1, len(t))).astype(np.float32), 2, 0)
        return np.asarray(apply_filter(hiss, kind, hz)[0], np.float32)

    def drop(t: Float32Array, base: float, top: float, fall: float, decay: float) -> Float32Array:
        phase = 2 * np.pi * np.cumsum(base + top * np.exp(-t / fall)) / RATE
        return np.asarray(np.sin(phase) * np.exp(-t / decay), np.float32)

    t = times(1.5)
    kick = drop(
        t, random.uniform(40, 62), random.uniform(80, 400), random.uniform(0.008, 0.05), random.uniform(0.08, 0.5)
    )
    click = noise(t, 1500) * np.exp(-t / 0.003) * random.uniform(0, 0.5)
    put("kick", np.tanh(random.uniform(0.8, 3) * (kick + click)))
    t = times(0.8)
    body = drop(t, random.uniform(150, 240), random.uniform(20, 150), 0.02, random.uniform(0.04, 0.15))
    put(
        "snare",
        0.8 * body
        + random.uniform(0.3, 0.9) * noise(t, random.uniform(700, 2500)) * np.exp(-t / random.uniform(0.05, 0.25)),
    )
    bursts = sum(np.exp(-np.maximum(t - late, 0) / 0.006) * (t >= late) for late in (0, 0.011, 0.022))
    put(
        "clap",
        noise(t, random.uniform(900, 1600), "band") * (bursts + np.exp(-t / random.uniform(0.06, 0.2)) * (t > 0.03)),
    )
    put("stick", drop(t, random.uniform(400, 1800), 300, 0.004, 0.02))
    tones = random.uniform(220, 480) * np.array([1, 1.342, 1.2312, 1.6532, 1.9523, 2.1523])
    for role, decay, length in (("closed", 0.025, 0.3), ("open", 0.3, 1.2), ("crash", 0.9, 3.5), ("ride", 0.6, 2.0)):
        t = times(length)
        metal = sum(np.sign(np.sin(2 * np.pi * hz * 6 * t)) for hz in tones) / 6
        mixed = random.uniform(0.2, 1) * metal + random.uniform(0.2, 1) * noise(t, 5000)
        mixed = apply_filter(np.repeat(mixed[None].astype(np.float32), 2, 0), "high", random.uniform(5000, 8000))[0]
        put(role, mixed * np.exp(-t / (decay * random.uniform(0.6, 1.6))))
    t = times(1.0)
    for role, hz in (("tom_high", 190), ("tom_mid", 140), ("tom_low", 95)):
        put(role, drop(t, hz * random.uniform(0.9, 1.1), 60, 0.04, random.uniform(0.12, 0.35)))
    put("perc", drop(t, random.uniform(300, 1200), random.uniform(0, 300), 0.03, random.uniform(0.03, 0.15)))
    return kit
