"""Chord sheets as people write them: ``| Am7 D7 | Gmaj7 |``, with sections, tempo, metre and key.

    tempo: 120
    metre: 4/4
    key: G
    [verse x2]
    | Am7 D7 | Gmaj7 |   # chords share their bar evenly
    | %      | N.C.  |   # % is the bar before once more

Extensions that `bridge.core.events.QUALITIES` does not have become the nearest chord that it has (C9 is C7).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from bridge.core.events import QUALITIES, Chord, Key
from bridge.errors import ConfigError
from engines.accompaniment.score import NO_CHORD

LONGEST_BARS = 10_000
MOST_REPEATS = 64
LOWEST_BPM, HIGHEST_BPM = 20.0, 400.0
METRES = {f"{beats}/4": beats for beats in range(2, 8)}

_ROOTS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SYMBOL = re.compile(r"(?P<root>[A-G])(?P<sign>[#b]?)(?P<quality>.*?)(?:/(?P<bass>[A-G])(?P<bass_sign>[#b]?))?")
_SECTION = re.compile(r"\[\s*(?P<name>[^\]]*?)(?:\s+[xX×](?P<times>\d+))?\s*\]")
_HEADER = re.compile(r"(?P<name>[A-Za-z]+)\s*:\s*(?P<value>.*)")
_NO_CHORD = re.compile(r"N\.?C?\.?", re.IGNORECASE)
_KEY = re.compile(r"(?P<tonic>[A-G])(?P<sign>[#b]?)\s*(?P<mode>major|maj|M|minor|min|m)?")
HOLD = ("/", ".")
"""Tokens that give the chord before a further share of the bar."""

_MINOR, _MAJOR, _SEVENTH = r"(?:minor|min|mi|m|-)", r"(?:major|maj|ma|M|Δ|△|\^)", r"(?:7|9|11|13)"
_ALTERED = r"(?:[b#+-](?:5|9|11|13)|add(?:2|4|6|9|11|13)|(?:no|omit)(?:3|5)|alt)*"
_KINDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), quality)
    for pattern, quality in (
        (rf"(?:dim|°|o)7?|(?:ø|Ø)7?|{_MINOR}{_SEVENTH}?b5{_ALTERED}", "dim"),
        (rf"(?:aug|\+){_SEVENTH}?{_ALTERED}|{_MAJOR}?{_SEVENTH}?[#+]5{_ALTERED}", "aug"),
        (rf"{_SEVENTH}?sus4?{_ALTERED}", "sus4"),
        (rf"{_MAJOR}{_SEVENTH}{_ALTERED}|[Δ△^]{_ALTERED}", "maj7"),
        (rf"{_MINOR}{_MAJOR}{_SEVENTH}?{_ALTERED}|{_MINOR}(?:6|69|6/9)?{_ALTERED}", "m"),
        (rf"{_MINOR}{_SEVENTH}{_ALTERED}", "m7"),
        (rf"{_SEVENTH}{_ALTERED}|dom7?", "7"),
        (rf"{_MAJOR}?(?:6|69|6/9|5|2)?{_ALTERED}", ""),
    )
)


@dataclass(frozen=True, slots=True)
class Section:
    """``bars``: for each bar a chord for each beat. It is played ``times`` times."""

    name: str
    times: int
    bars: tuple[tuple[Chord, ...], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """``tempo`` in quarter notes a minute; None where the sheet does not say, as with ``key``."""

    sections: tuple[Section, ...]
    beats: int = 4
    tempo: float | None = None
    key: Key | None = None


def chord_of(symbol: str) -> Chord | None:
    """The chord that ``symbol`` (``F#m7/C#``) stands for; None where it is none."""
    if _NO_CHORD.fullmatch(symbol):
        return NO_CHORD
    plain = re.sub(r"[(),]", "", symbol.replace("♭", "b").replace("♯", "#"))
    match = _SYMBOL.fullmatch(plain)
    if match is None:
        return None
    root = _pitch_class(match["root"], match["sign"])
    bass = _pitch_class(match["bass"], match["bass_sign"]) if match["bass"] else root
    if match["quality"] == "sus2":  # the same notes as the fourth-suspended chord a fifth above
        return Chord((root + 7) % 12, QUALITIES.index("sus4"), bass, 1.0)
    for pattern, quality in _KINDS:
        if pattern.fullmatch(match["quality"]):
            return Chord(root, QUALITIES.index(quality), bass, 1.0)
    return None


def _pitch_class(letter: str, sign: str) -> int:
    return (_ROOTS[letter] + {"": 0, "#": 1, "b": -1}[sign]) % 12


def read_sheet(text: str, name: str = "chord sheet") -> Sheet:
    """The sheet in ``text``; what is wrong is a `ConfigError` with ``name``, line, column and mend."""
    reader = _Reader(name)
    for number, line in enumerate(text.splitlines(), 1):
        reader.read(number, line)
    return reader.done()


@dataclass
class _Reader:
    """Takes a sheet a line at a time."""

    name: str
    beats: int = 4
    tempo: float | None = None
    key: Key | None = None
    sections: list[Section] = field(default_factory=list)
    title: tuple[str, int] = ("", 1)
    titled_at: int = 0
    """The line of the open section's heading, 0: it has none."""
    bars: list[tuple[Chord, ...]] = field(default_factory=list)
    before: tuple[Chord, ...] = ()
    line: int = 0

    def read(self, number: int, line: str) -> None:
        self.line = number
        text = re.sub(r"(?:(?<=\s)|^)#.*", "", line)  # F# is a chord, a # after a space begins a comment
        words = text.strip()
        column = len(text) - len(text.lstrip()) + 1
        if not words:
            return
        if "|" in words:
            self._bars(text)
        elif words.startswith("["):
            self._section(words, column)
        elif header := _HEADER.fullmatch(words):
            self._header(header, column)
        else:
            raise self._error(column, f"{words!r} is neither bars nor a heading", "write bars as | Am7 D7 | Gmaj7 |")

    def done(self) -> Sheet:
        self._close()
        if not self.sections:
            raise ConfigError(f"{self.name}: no bars", "write some, such as | Am7 D7 | Gmaj7 |")
        if sum(len(section.bars) * section.times for section in self.sections) > LONGEST_BARS:
            raise ConfigError(f"{self.name}: more than {LONGEST_BARS} bars", "repeat its sections less often")
        return Sheet(tuple(self.sections), self.beats, self.tempo, self.key)

    def _error(self, column: int, what: str, mend: str) -> ConfigError:
        return ConfigError(f"{self.name}: line {self.line}, column {column}: {what}", mend)

    def _close(self) -> None:
        """End the open section."""
        if self.bars:
            self.sections.append(Section(*self.title, tuple(self.bars)))
        elif self.titled_at:
            self.line = self.titled_at
            raise self._error(1, f"the section {self.title[0]!r} has no bars", "write its bars below it")
        self.bars = []

    def _section(self, words: str, column: int) -> None:
        match = _SECTION.fullmatch(words)
        times = int(match["times"] or 1) if match else 0
        if match is None or not match["name"]:
            raise self._error(column, f"{words!r} is no section", "write [verse] or [chorus x2], alone on a line")
        if not 1 <= times <= MOST_REPEATS:
            raise self._error(column, f"x{times} repeats", f"use x1 to x{MOST_REPEATS}")
        at = self.line
        self._close()
        self.line = self.titled_at = at
        self.title = (match["name"], times)

    def _header(self, header: re.Match[str], column: int) -> None:
        name, value = header["name"].lower(), header["value"].strip()
        known: dict[str, Callable[[str, int], None]] = {
            "tempo": self._tempo, "metre": self._metre, "meter": self._metre, "key": self._key,
            "title": lambda *_: None,
        }  # fmt: skip
        if name not in known:
            raise self._error(column, f"{header['name']!r} is no heading", "use tempo, metre, key or title")
        if self.sections or self.bars:
            raise self._error(column, f"{name} after the first bar", "write it above the bars; it holds for all")
        known[name](value, column + header.start("value"))

    def _tempo(self, value: str, column: int) -> None:
        try:
            tempo = float(value)
        except ValueError:
            tempo = 0.0
        if not LOWEST_BPM <= tempo <= HIGHEST_BPM:
            mend = f"write quarter notes a minute, {LOWEST_BPM:g} to {HIGHEST_BPM:g}"
            raise self._error(column, f"the tempo {value!r}", mend)
        self.tempo = tempo

    def _metre(self, value: str, column: int) -> None:
        if value.replace(" ", "") not in METRES:
            raise self._error(column, f"the metre {value!r}", f"use one of {', '.join(METRES)}; write 6/8 as 3/4")
        self.beats = METRES[value.replace(" ", "")]

    def _key(self, value: str, column: int) -> None:
        match = _KEY.fullmatch(value.replace("♭", "b").replace("♯", "#"))
        if match is None:
            raise self._error(column, f"the key {value!r}", "write it as Am or F# major")
        minor = (match["mode"] or "").startswith("m") and not (match["mode"] or "").startswith("maj")
        self.key = Key(_pitch_class(match["tonic"], match["sign"]), int(minor), 1.0)

    def _bars(self, text: str) -> None:
        at = 0
        pieces: list[tuple[int, str]] = []
        for piece in text.rstrip().replace("||", " |").split("|"):
            pieces.append((at, piece))
            at += len(piece) + 1
        if not pieces[0][1].strip():
            pieces = pieces[1:]
        if pieces and not pieces[-1][1].strip():
            pieces = pieces[:-1]
        for at, piece in pieces:
            tokens = [(at + match.start() + 1, match[0]) for match in re.finditer(r"\S+", piece)]
            self.bars.append(self._bar(at + 1, tokens))
            self.before = self.bars[-1]

    def _bar(self, column: int, tokens: list[tuple[int, str]]) -> tuple[Chord, ...]:
        """A chord for each beat."""
        if not tokens:
            raise self._error(column, "an empty bar", "write % for the bar before once more, N.C. for no chord")
        if tokens[0][1] == "%":
            if len(tokens) > 1:
                raise self._error(tokens[1][0], "% is not alone in its bar", "write the bar's chords out")
            if not self.before:
                raise self._error(tokens[0][0], "% without a bar before it", "write the first bar out")
            return self.before
        if len(tokens) > self.beats:
            what = f"{len(tokens)} chords in a bar of {self.beats} beats"
            raise self._error(tokens[self.beats][0], what, "write one a beat at most, the rest in the next bar")
        chords: list[Chord] = []
        for at, token in tokens:
            if token in HOLD and chords:
                chords.append(chords[-1])
                continue
            chord = chord_of(token)
            if chord is None:
                raise self._error(at, f"{token!r} is no chord that is known here", _mend(token))
            chords.append(chord)
        return tuple(chords[beat * len(chords) // self.beats] for beat in range(self.beats))


def _mend(token: str) -> str:
    if ":" in token:
        return "repeats are written as sections: [verse x2]"
    if token[0] == "[":
        return "write the section's name on a line of its own, its bars below it"
    if token[0] == "H":
        return "write B or Bb for the German H or B"
    if token == "%":
        return "% repeats a whole bar and stands alone in it"
    if token[0] in "abcdefg":
        return f"write the root as a capital: {token[0].upper()}{token[1:]}"
    return "write it as C, Cm, C7, Cmaj7, Cm7, Cdim, Caug, Csus4, C/E or N.C."
