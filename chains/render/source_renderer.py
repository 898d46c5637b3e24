"""Source renderer: a source's parts through their chains, and their sum through the mix's, in audio segments."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from bridge.audiofile import Song
from bridge.core.audio import CHANNELS
from bridge.errors import ConfigError
from chains.document.chain import Chain
from chains.document.member_paths import walk_active_members
from chains.process.audio_file import cut_segment, map_segment, open_segment
from chains.process.messages import AudioSegment, MidiNote, RenderRequest
from chains.render.chain_player import ChainPlayer
from chains.render.midi_score import MidiPart, MidiScore
from chains.render.part_level import apply_gain, find_synth_gain
from chains.render.render_options import MIX, ChainChoice, RenderOptions
from chains.render.render_source import RenderSource
from chains.render.render_tempo import find_render_tempo
from chains.render.rendered_source import RenderedSource
from chains.render.source_audio import decode_recording
from chains.render.tail_end import MOST_TAIL_S, find_tail_end
from engines.mastering.true_peak_limiter import BLOCK_FRAMES
from engines.offline.song_batch import ProgressCallback
from engines.synth.stems import TAIL_S as NOTES_TAIL_S
from engines.synth.stems import render as play_synth

MOST_HOURS = 4.0
"""Longest render."""


class SourceRenderer:
    """Renders one source. ``place``: a file beside which the segments lie as drafts; ``drafts`` removes them.

    ``result`` receives notes, latencies and processor time.
    """

    def __init__(
        self,
        source: RenderSource,
        rate: int,
        options: RenderOptions,
        player: ChainPlayer,
        result: RenderedSource,
        place: Path,
        drafts: ExitStack,
        progress: ProgressCallback,
    ) -> None:
        self._source, self._rate, self._options, self._player = source, rate, options, player
        self._result, self._place, self._drafts, self._progress = result, place, drafts, progress
        self._read = self._done = 0
        self._passes = _count_passes(source, options)
        self._passes_done = 0

    def render(self) -> dict[str, AudioSegment]:
        """Render all parts, and `MIX` behind them: shape (2, frames) each.

        Raises:
            PluginError: A plugin failed.
            BridgeError: A recording, the notes, a sidechain or the disk is at fault.
        """
        if self._source.midi is not None:
            dry = {name: self._play_notes(name, part) for name, part in self._source.midi.parts.items()}
        else:
            inputs = self._source.files or {MIX: self._source.path}
            dry = {name: self._decode(path) for name, path in inputs.items()}
        if self._source.beats is not None:
            length_s = max(segment.frames for segment in dry.values()) / self._rate
            self._source.beats.check_length(self._source.path, length_s)
        for name, segment in dry.items():
            self._set_level(name, segment)
        keys = {name: self._decode(path) for name, path in self._options.sidechains.items()}
        keys |= {name: segment for name, segment in dry.items() if name != MIX}
        played = {}
        for name, segment in dry.items():
            chain = self._options.chains.get(name)
            played[name] = self._play(name, chain, segment, keys) if chain is not None else segment
        if MIX in played:
            return played
        mix = self._sum(played)
        chain = self._options.chains.get(MIX)
        return played | {MIX: self._play(MIX, chain, mix, keys) if chain is not None else mix}

    def _decode(self, path: Path) -> AudioSegment:
        def report(frames: int, song: Song) -> None:
            self._read += frames
            self._progress("reading", self._read, 0, song.rate)

        segment, rate = decode_recording(path, self._place, self._drafts, self._result.notes, report)
        if rate != self._rate:
            message = f"{path}: it has {rate} Hz, and the others have {self._rate} Hz"
            raise ConfigError(message, "all files of a render need one sampling rate")
        return segment

    def _open(self, frames: int) -> AudioSegment:
        if frames > MOST_HOURS * 3600 * self._rate:
            raise ConfigError(
                f"{self._source.path}: longer than {MOST_HOURS:g} hours", "cut it, or give a shorter --tail"
            )
        return self._drafts.enter_context(open_segment(self._place, CHANNELS, frames))

    def _play_notes(self, name: str, part: MidiPart) -> AudioSegment:
        """A part of a MIDI file, by its instrument or the synth."""
        choice, frames = self._options.find_instrument(name), self._get_midi().frames
        if choice is None:
            sound = play_synth(part.events, frames + round(NOTES_TAIL_S * self._rate), self._rate)
            segment = self._open(sound.shape[1])
            map_segment(segment, writable=True)[:] = sound
            return segment
        return self._run(name, choice, self._open(0), frames, {}, part.notes)

    def _set_level(self, name: str, segment: AudioSegment) -> None:
        """Give a part its gain: the user's, or for an instrument that which makes it as loud as the synth."""
        gain_db, choice = self._options.gains_db.get(name), self._options.find_instrument(name)
        if choice is not None and self._source.midi is not None:
            midi = self._source.midi
            frames = midi.frames + round(NOTES_TAIL_S * self._rate)
            synth_db, reason = find_synth_gain(map_segment(segment), midi.parts[name].events, frames, self._rate)
            if gain_db is None:
                gain_db = synth_db
                what = reason or f"{gain_db:+.1f} dB, as loud as the synth of Sideman; --gain {name}=DB sets the gain"
            else:
                usual = reason or f"{synth_db:+.1f} dB would make it as loud as the synth of Sideman"
                what = f"{gain_db:+.1f} dB by --gain; {usual}"
            self._result.notes.append(f"{name}: {choice.name}: {what}")
        if gain_db:
            apply_gain(segment, gain_db)
            self._result.gains_db[name] = gain_db

    def _get_midi(self) -> MidiScore:
        if self._source.midi is None:
            raise ConfigError(f"{self._source.path}: it is no MIDI file", "give a .mid file")
        return self._source.midi

    def _play(
        self, name: str, choice: ChainChoice, segment: AudioSegment, keys: Mapping[str, AudioSegment]
    ) -> AudioSegment:
        wanted = list_sidechains(choice.chain)
        if missing := [key for key in wanted if key not in keys]:
            hint = f"there are: {', '.join(keys) or 'none'}; give --sidechain {missing[0]}=FILE"
            raise ConfigError(f"{choice.name}: sidechain {missing[0]!r} is missing", hint)
        return self._run(name, choice, segment, segment.frames, {key: keys[key] for key in wanted})

    def _run(
        self, name: str, choice: ChainChoice, source: AudioSegment, frames: int, keys: dict[str, AudioSegment],
        notes: tuple[MidiNote, ...] = (),
    ) -> AudioSegment:  # fmt: skip
        """Render ``source`` through a chain to ``frames`` frames and the tail."""
        tail, least = self._player.find_tail(choice, self._rate), frames
        frames += round(tail.length_s * self._rate)
        sink = self._open(frames)
        beats_s = () if self._options.tempo_bpm else self._source.beats_s
        self._note_tempo(choice)
        request = RenderRequest(
            source,
            sink,
            self._options.block_frames,
            self._options.tempo_bpm or choice.chain.tempo_bpm,
            beats_s,
            keys,
            notes,
        )
        before = self._done

        def report(done: int) -> None:
            self._progress("rendering", before + done, self._estimate(before, frames), self._rate)

        result = self._player.render(choice, self._rate, request, report)
        self._done, self._passes_done = before + frames, self._passes_done + 1
        self._result.latency_frames[name] = self._result.latency_frames.get(name, 0) + result.latency_frames
        self._result.cpu_s += result.cpu_s
        self._result.notes += [f"{choice.name}: {warning}" for warning in result.warnings]
        if result.latency_changes:
            self._result.notes.append(
                f"{choice.name}: its latency changed while it played, {len(result.latency_changes)} times: "
                "compare the result with the input"
            )
        if notes and result.peak == 0.0:
            self._result.notes.append(f"{choice.name}: {name}: the instrument is silent: give it a state, or a preset")
        return self._cut_tail(choice, sink, least) if tail.is_most else sink

    def _note_tempo(self, choice: ChainChoice) -> None:
        tempo = find_render_tempo(choice.chain, self._options.tempo_bpm, self._source)
        if tempo is not None and choice.name not in self._result.tempi:
            self._result.tempi[choice.name] = tempo
            self._result.notes.append(f"{choice.name}: {tempo}")

    def _cut_tail(self, choice: ChainChoice, segment: AudioSegment, least: int) -> AudioSegment:
        """Cut a rendered segment where its tail has become silent, ``least`` frames in at the earliest."""
        end = find_tail_end(map_segment(segment), least)
        if end == segment.frames > least:
            hint = "give the chain a tail_s, or --tail"
            self._result.notes.append(f"{choice.name}: its tail does not end within {MOST_TAIL_S:g} s: {hint}")
        return cut_segment(segment, end)

    def _estimate(self, done: int, frames: int) -> int:
        """Frames of all passes, where those to come are as long as the present one."""
        return done + frames * max(self._passes - self._passes_done, 1)

    def _sum(self, parts: Mapping[str, AudioSegment]) -> AudioSegment:
        """The sum of all parts, as long as the longest."""
        total = self._open(max(one.frames for one in parts.values()))
        mix = map_segment(total, writable=True)
        for segment in parts.values():
            audio = map_segment(segment)
            for start in range(0, segment.frames, BLOCK_FRAMES):
                block = audio[:, start : start + BLOCK_FRAMES]
                mix[:, start : start + block.shape[1]] += block
        return total


def list_sidechains(chain: Chain) -> list[str]:
    """Names of what is fed to the sidechains of a chain, each once."""
    found = [one.sidechain for _, one in walk_active_members(chain) if one.sidechain]
    return list(dict.fromkeys(found))


def _count_passes(source: RenderSource, options: RenderOptions) -> int:
    """How many chains are played."""
    played = sum(options.find_instrument(part) is not None for part in source.parts) if source.midi else 0
    return played + len(options.chains)
