"""OSC address patterns: ``?``, ``*``, ``[a-c]``, ``[!x]`` and ``{drums,bass}`` within a part, ``//`` over any parts.

Patterns come from the network, so what one costs must be known before it is used. All addresses are laid into one line,
and the places in it that a pattern may have reached are the bits of one whole number: each character of a pattern is a
few operations on such numbers, whatever the addresses are and however many it matches. It never goes back.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from bridge.errors import ControlError

MAX_CHARACTERS = 256
MAX_KNOWN = 256
"""Patterns whose addresses an `Index` remembers; the one that was not used for the longest time is forgotten first."""
LINE_CHARACTERS = 4096
"""Of addresses, to which one operation on a number of as many bits is counted as one step."""


def is_pattern(address: str) -> bool:
    """Whether ``address`` has any character that makes it a pattern."""
    return any(character in address for character in "?*[{") or "//" in address


class Pattern:
    """A compiled pattern. One that is malformed is a `ControlError`.

    ``steps``: the operations that looking it up in an `Index` takes, the same for all that is looked for.
    """

    def __init__(self, text: str) -> None:
        if not text.startswith("/") or len(text) > MAX_CHARACTERS:
            raise ControlError(f"{text[:32]!r} is no pattern", f"begin with /, at most {MAX_CHARACTERS} characters")
        self.text = text.rstrip("/") or "/"
        self.tokens = tuple(_joined(_tokens(self.text)))
        self.steps = sum(token.steps for token in self.tokens)

    def matches(self, address: str) -> bool:
        """Whether the pattern is all of ``address``."""
        return bool(Index([address]).matching(self))

    def covers(self, address: str) -> bool:
        """Whether the pattern is ``address`` or something above it: /stems covers /stems/vocals/mute, / all."""
        return bool(Index([address]).covered(self))


class _Token:
    """A part of a pattern that is matched at once. ``steps``: operations that this takes."""

    steps = 4

    def move(self, line: _Line, at: int) -> int:
        """From the places in ``at`` to those behind what this matches there."""
        raise NotImplementedError


class _Word(_Token):
    """Any of several words as they are."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(dict.fromkeys(words))
        self.steps = len(self.words) + 2 * sum(map(len, self.words))

    def move(self, line: _Line, at: int) -> int:
        behind = 0
        for word in self.words:
            reached = at
            for character in word:
                reached = (reached & line.places.get(character, 0)) << 1
            behind |= reached
        return behind


class _Letter(_Token):
    """One character, of those given or of all others, but no slash."""

    def __init__(self, letters: frozenset[str], wanted: bool) -> None:
        self.letters, self.wanted = letters, wanted
        self.steps = 4 + len(letters)

    def move(self, line: _Line, at: int) -> int:
        held = 0
        for letter in self.letters:
            held |= line.places.get(letter, 0)
        return (at & line.inside & (held if self.wanted else ~held)) << 1


class _Run(_Token):
    """Any characters, or none, but no slash."""

    def move(self, line: _Line, at: int) -> int:
        return _spread(at, line.inside)


class _Levels(_Token):
    """A slash, and any number of whole parts behind it."""

    steps = 9

    def move(self, line: _Line, at: int) -> int:
        behind = (at & line.places["/"]) << 1
        return behind | _spread(behind, line.all) & line.places["/"] << 1


def _spread(at: int, through: int) -> int:
    """The places in ``at``, and those that can be reached from there through places in ``through`` alone.

    The carry of the sum runs through each row of ones to its end (Myers, "A fast bit-vector algorithm for approximate
    string matching based on dynamic programming", 1999).
    """
    return ((at & through) + through) ^ through | at


class _Line:
    """All addresses behind one another, each with a place more for its end.

    ``places``: by character, the places that hold it. ``inside``: those that hold no slash. ``all``: those of all
    characters. ``starts`` and ``ends``: of the addresses.
    """

    def __init__(self, addresses: Sequence[str]) -> None:
        self.places: defaultdict[str, int] = defaultdict(int, {"/": 0})
        self.starts = self.ends = 0
        self.address_at: dict[int, int] = {}
        at = 0
        for number, address in enumerate(addresses):
            self.starts |= 1 << at
            for character in address:
                self.places[character] |= 1 << at
                at += 1
            self.ends |= 1 << at
            self.address_at[at] = number
            at += 1
        self.length = at
        self.all = (1 << at) - 1 ^ self.ends
        self.inside = self.all & ~self.places["/"]

    def reached(self, pattern: Pattern) -> int:
        """The places that ``pattern`` may end at."""
        at = self.starts
        for token in pattern.tokens:
            if not at:
                break
            at = token.move(self, at)
        return at

    def ended(self, at: int) -> Iterator[int]:
        """Which addresses end at one of the places in ``at``, by number, in order."""
        at &= self.ends
        while at:
            lowest = at & -at
            yield self.address_at[lowest.bit_length() - 1]
            at ^= lowest


class Index:
    """Addresses, in order, and what of them a pattern matches or covers. What was looked up once is remembered."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self.addresses = tuple(addresses)
        self._line = _Line(self.addresses)
        self._known: OrderedDict[str, tuple[tuple[int, ...], tuple[int, ...]]] = OrderedDict()

    def matching(self, pattern: Pattern) -> tuple[int, ...]:
        """The numbers of the addresses that ``pattern`` is all of."""
        return self._look_up(pattern)[0]

    def covered(self, pattern: Pattern) -> tuple[int, ...]:
        """The numbers of the addresses that ``pattern`` is all of, or something above."""
        return self._look_up(pattern)[1]

    def steps(self, pattern: Pattern) -> int:
        """What looking ``pattern`` up costs now: 1 where it is remembered, else bounded by its length alone."""
        if pattern.text in self._known:
            return 1
        return pattern.steps * -(-self._line.length // LINE_CHARACTERS)

    def _look_up(self, pattern: Pattern) -> tuple[tuple[int, ...], tuple[int, ...]]:
        found = self._known.get(pattern.text)
        if found is None:
            line = self._line
            at = line.reached(pattern)
            above = line.starts if pattern.text == "/" else at & (line.places["/"] | line.ends)
            found = tuple(line.ended(at)), tuple(line.ended(_spread(above, line.all)))
            self._known[pattern.text] = found
            while len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        self._known.move_to_end(pattern.text)
        return found


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        character = text[at]
        closing = {"[": "]", "{": "}"}.get(character)
        if closing is not None:
            end = text.find(closing, at)
            if end < 0:
                raise ControlError(f"{text}: {character} is not closed", f"add {closing}")
            inside = text[at + 1 : end]
            yield _letter(inside) if character == "[" else _Word(inside.split(","))
            at = end + 1
        elif text.startswith("//", at):
            yield _Levels()
            at += 2
            while text.startswith("/", at):
                at += 1
        else:
            made: Callable[[], _Token] | None = {"*": _Run, "?": lambda: _Letter(frozenset(), False)}.get(character)
            yield made() if made is not None else _Word([character])
            at += 1


def _joined(tokens: Iterable[_Token]) -> Iterator[_Token]:
    """``tokens``, of several ``*`` on end one."""
    last: _Token | None = None
    for token in tokens:
        if not (isinstance(token, _Run) and isinstance(last, _Run)):
            yield token
        last = token


def _letter(inside: str) -> _Letter:
    rest = inside.removeprefix("!")
    letters: set[str] = set()
    at = 0
    while at < len(rest):
        if rest[at + 1 : at + 2] == "-" and at + 2 < len(rest):
            letters.update(map(chr, range(ord(rest[at]), min(ord(rest[at + 2]), 127) + 1)))
            at += 3
        else:
            letters.add(rest[at])
            at += 1
    return _Letter(frozenset(letters), not inside.startswith("!"))
