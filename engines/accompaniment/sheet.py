"""Chord sheet parser: ``| Am7 D7 | Gmaj7 |``, with sections, tempo, metre and key.

    tempo: 120
    metre: 4/4
    key: G
    [verse x2]
    | Am7 D7 | Gmaj7 |   # chords share their bar evenly
    | %      | N.C.  |   # % is the bar before once more

How chords are written: `engines.accompaniment.chord_symbol`. Where the band has no such chord, it plays the nearest one
that it has (C9 is C7).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from bridge.core.events import Chord, Key
from bridge.errors import ConfigError
from engines.accompaniment.chord_symbol import SymbolError, is_no_chord, parse_symbol
from engines.accompaniment.note_names import NOTE_PATTERN, normalise, parse_note_name, strip_invisible
from engines.accompaniment.score import NO_CHORD

LONGEST_BARS = 10_000
MOST_REPEATS = 64
LOWEST_BPM, HIGHEST_BPM = 20.0, 400.0
METRES = {f"{beats}/4": beats for beats in range(2, 8)}

_SECTION = re.compile(r"\[\s*(?P<name>[^\]]*?)(?:\s+[xX×](?P<times>\d+))?\s*\]")
_HEADER = re.compile(r"(?P<name>[A-Za-z]+)\s*[:：]\s*(?P<value>.*)")
_KEY = re.compile(rf"(?P<tonic>{NOTE_PATTERN})\s*(?P<mode>major|maj|M|minor|min|m)?")
HEADERS = ("tempo", "metre", "meter", "key", "title")
HOLD = ("/", ".")
"""Tokens that give the chord before a further share of the bar."""
REPEAT = ("%", "./.")
"""Tokens for the bar before once more."""
_LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class SheetSection:
    """``bars``: for each bar a chord for each beat. It is played ``times`` times."""

    name: str
    times: int
    bars: tuple[tuple[Chord, ...], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """``tempo`` in quarter notes a minute; None where the sheet does not say, as with ``key``."""

    sections: tuple[SheetSection, ...]
    beats: int = 4
    tempo: float | None = None
    key: Key | None = None


def read_sheet(text: str, name: str = "chord sheet") -> Sheet:
    """The sheet in ``text``; what is wrong is a `ConfigError` with ``name``, line, column and hint."""
    reader = _SheetReader(name)
    for number, line in enumerate(text.splitlines(), 1):
        reader.read(number, line)
    return reader.finish()


@dataclass
class _SheetReader:
    """Takes a sheet a line at a time."""

    name: str
    beats: int = 4
    tempo: float | None = None
    key: Key | None = None
    sections: list[SheetSection] = field(default_factory=list)
    title: tuple[str, int] = ("", 1)
    titled_at: int = 0
    """The line of the open section's heading, 0: it has none."""
    bars: list[tuple[Chord, ...]] = field(default_factory=list)
    before: tuple[Chord, ...] = ()
    line: int = 0
    german: str = ""
    """The first token with a German note name."""
    plain_b: str = ""
    """The first token with a B that is neither Bb nor H, and where it is."""
    plain_b_at: tuple[int, int] = (0, 0)

    def read(self, number: int, line: str) -> None:
        self.line = number
        # F# is a chord, a # after a space begins a comment
        text = re.sub(r"(?:(?<=\s)|^)#.*", "", strip_invisible(line))
        words = text.strip()
        column = len(text) - len(text.lstrip()) + 1
        bars, header = normalise(text), _HEADER.fullmatch(words)
        if not words:
            return
        if header and ("|" not in bars or header["name"].lower() in HEADERS):
            self._read_header(header, column)
        elif "|" in bars:
            self._read_bars(bars)
        elif words[0] in "[［":
            self._read_section(words.replace("［", "[").replace("］", "]"), column)
        else:
            what = f"{_quote(words)} is neither bars nor a heading"
            raise self._make_error(column, what, "write bars as | Am7 D7 | Gmaj7 |")

    def finish(self) -> Sheet:
        self._close()
        if not self.sections:
            raise ConfigError(f"{self.name}: no bars", "write some, such as | Am7 D7 | Gmaj7 |")
        if sum(len(section.bars) * section.times for section in self.sections) > LONGEST_BARS:
            raise ConfigError(f"{self.name}: more than {LONGEST_BARS} bars", "repeat its sections less often")
        return Sheet(tuple(self.sections), self.beats, self.tempo, self.key)

    def _make_error(self, column: int, what: str, hint: str) -> ConfigError:
        return ConfigError(f"{self.name}: line {self.line}, column {column}: {what}", hint)

    def _close(self) -> None:
        """End the open section."""
        if self.bars:
            self.sections.append(SheetSection(*self.title, tuple(self.bars)))
        elif self.titled_at:
            self.line = self.titled_at
            raise self._make_error(1, f"the section {_quote(self.title[0])} has no bars", "write its bars below it")
        self.bars = []

    def _read_section(self, words: str, column: int) -> None:
        match = _SECTION.fullmatch(words)
        written = match["times"] or "1" if match else "0"
        times = int(written) if len(written) <= _LONGEST_SHOWN else MOST_REPEATS + 1
        if match is None or not match["name"]:
            raise self._make_error(
                column, f"{_quote(words)} is no section", "write [verse] or [chorus x2], alone on a line"
            )
        if not 1 <= times <= MOST_REPEATS:
            raise self._make_error(column, f"x{written[:_LONGEST_SHOWN]} repeats", f"use x1 to x{MOST_REPEATS}")
        at = self.line
        self._close()
        self.line = self.titled_at = at
        self.title = (match["name"], times)

    def _read_header(self, header: re.Match[str], column: int) -> None:
        name, value = header["name"].lower(), header["value"].strip()
        known: dict[str, Callable[[str, int], None]] = {
            "tempo": self._read_tempo, "metre": self._read_metre, "meter": self._read_metre, "key": self._read_key,
            "title": lambda *_: None,
        }  # fmt: skip
        if name not in known:
            raise self._make_error(column, f"{_quote(header['name'])} is no heading", "use tempo, metre, key or title")
        if self.sections or self.bars:
            raise self._make_error(column, f"{name} after the first bar", "write it above the bars; it holds for all")
        known[name](value, column + header.start("value"))

    def _read_tempo(self, value: str, column: int) -> None:
        try:
            tempo = float(value)
        except ValueError:
            tempo = 0.0
        if not LOWEST_BPM <= tempo <= HIGHEST_BPM:
            hint = f"write quarter notes a minute, {LOWEST_BPM:g} to {HIGHEST_BPM:g}"
            raise self._make_error(column, f"the tempo {_quote(value)}", hint)
        self.tempo = tempo

    def _read_metre(self, value: str, column: int) -> None:
        if value.replace(" ", "") not in METRES:
            raise self._make_error(
                column, f"the metre {_quote(value)}", f"use one of {', '.join(METRES)}; write 6/8 as 3/4"
            )
        self.beats = METRES[value.replace(" ", "")]

    def _read_key(self, value: str, column: int) -> None:
        match = _KEY.fullmatch(normalise(value))
        if match is None:
            raise self._make_error(column, f"the key {_quote(value)}", "write it as Am or F# major")
        minor = (match["mode"] or "").startswith("m") and not (match["mode"] or "").startswith("maj")
        tonic = parse_note_name(match["tonic"])
        self._name_note(column, match["tonic"], tonic.german, tonic.plain_b)
        self.key = Key(tonic.pitch_class, int(minor), 1.0)

    def _name_note(self, column: int, token: str, german: bool, plain_b: bool) -> None:
        """Note that ``token`` has a German name, or a B; both in one sheet leave open what B means."""
        self.german = self.german or (token if german else "")
        if plain_b and not self.plain_b:
            self.plain_b, self.plain_b_at = token, (self.line, column)
        if self.german and self.plain_b:
            self.line, column = self.plain_b_at
            what = f"{_quote(self.plain_b)} beside {_quote(self.german)}: B is B flat in German, B natural in English"
            raise self._make_error(column, what, "write Bb for B flat, H for B natural")

    def _read_bars(self, text: str) -> None:
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
            self.bars.append(self._read_bar(at + 1, tokens))
            self.before = self.bars[-1]
            if len(self.bars) > LONGEST_BARS:
                raise self._make_error(at + 1, f"more than {LONGEST_BARS} bars", "give a shorter sheet")

    def _read_bar(self, column: int, tokens: list[tuple[int, str]]) -> tuple[Chord, ...]:
        """A chord for each beat."""
        if not tokens:
            raise self._make_error(column, "an empty bar", "write % for the bar before once more, N.C. for no chord")
        if tokens[0][1] in REPEAT:
            if len(tokens) > 1:
                raise self._make_error(tokens[1][0], "% is not alone in its bar", "write the bar's chords out")
            if not self.before:
                raise self._make_error(tokens[0][0], "% without a bar before it", "write the first bar out")
            return self.before
        if len(tokens) > self.beats:
            what = f"{len(tokens)} chords in a bar of {self.beats} beats"
            raise self._make_error(tokens[self.beats][0], what, "write one a beat at most, the rest in the next bar")
        chords: list[Chord] = []
        for at, token in tokens:
            if token in HOLD and chords:
                chords.append(chords[-1])
                continue
            chords.append(self._read_chord(at, token))
        return tuple(chords[beat * len(chords) // self.beats] for beat in range(self.beats))

    def _read_chord(self, column: int, token: str) -> Chord:
        if is_no_chord(token):
            return NO_CHORD
        try:
            symbol = parse_symbol(token)
        except SymbolError as error:
            what = f"{_quote(token)} is no chord that is known here"
            if error.at:
                what += f": {_quote(error.rest)} at column {column + error.at} is not understood"
            raise self._make_error(column, what, _find_hint(token) or error.hint or _USUAL) from error
        self._name_note(column, token, symbol.german, symbol.plain_b)
        return symbol.chord


_USUAL = "write it as C, Cm, C7, Cmaj7, Cm7, Cm7b5, Cdim, Caug, Csus4, C7(b9), C/E or N.C."


def _quote(text: str) -> str:
    """``text`` in quotes, of a long one the beginning."""
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}...")


def _find_hint(token: str) -> str:
    if ":" in token:
        return "repeats are written as sections: [verse x2]"
    if token[0] == "[":
        return "write the section's name on a line of its own, its bars below it"
    if token in REPEAT:
        return f"{token} repeats a whole bar and stands alone in it"
    return ""
