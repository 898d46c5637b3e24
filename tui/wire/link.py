"""Link to a sidecar: datagrams in, datagrams out, without a socket and without a clock.

The owner passes what a socket receives to `receive`, calls `tick` at `find_due_s` and sends what `take_outgoing`
returns. The link attaches, keeps the session up to date, notices when the sidecar is lost, and attaches anew when it
is back. Nothing that was called while it was lost is sent later.

There are two channels, each a socket of its own: changes, transport and all answers of the first come at once; actions
that may wait for a disk go through the second, since a sidecar lets later messages of the same socket wait for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from tui.core.registry import Args, Registry, Value, to_name
from tui.core.session import Session
from tui.wire.calls import CallAnswer, Calls
from tui.wire.gaps import Gaps
from tui.wire.osc import Message, OscError, decode, encode
from tui.wire.pings import Pings
from tui.wire.questions import Question, Questions
from tui.wire.retrieval import Retrieval
from tui.wire.subscriptions import Rates, Subscriptions

PROTOCOL = 2
"""Number of the OSC protocol that this app speaks (docs/osc.md)."""
RENEW_S = 20.0
"""Interval at which subscriptions are renewed; a sidecar ends them after 60 s."""

ALWAYS: Rates = (
    ("/sideman", 2.0),
    ("/registry", 2.0),
    ("/change", 20.0),
    ("/clock", 10.0),
    ("/counters", 2.0),
    ("/health", 2.0),
    ("/mir/tempo", 4.0),
    ("/mir/key", 4.0),
    ("/mir/chord", 10.0),
    ("/accompaniment/chord", 10.0),
    ("/accompaniment/section", 4.0),
    ("/preset/current", 4.0),
    ("/insert/chain", 2.0),
)
"""Patterns and rates (Hz) that are subscribed to whatever is shown. Changes of all controls come by `change`."""

OTHER_SIDECAR = "another sidecar answers: its faders may differ · u sets those of before"
PROMPT = ("transport.",)
"""Actions of these groups go through the first channel: they wait for nothing."""


class Link:
    """Connection to one sidecar. ``session`` is filled; ``token``: of a sidecar on another machine.

    Attributes:
        instance: The instance of the sidecar that answered last; empty before.
        notice: Called with what happened to the connection, and its role.
        on_message: Called with each message behind the session.
        on_tick: Called with the time at each tick.
        observe: Called with each datagram: the direction (``in`` or ``out``), the channel, the datagram, the time.
        on_state: Called with each new state of the session and the time.
        on_other: Called with the values of the controls that presets hold, by name, as the sidecar of before had them
            when another one takes its place.
    """

    def __init__(self, session: Session, token: str = "", always: Rates = ALWAYS) -> None:
        self.session = session
        self.instance = ""
        self.notice: Callable[[str, str], None] = lambda _text, _role: None
        self.on_message: Callable[[str, Args, float], None] = lambda _address, _args, _now_s: None
        self.on_tick: Callable[[float], None] = lambda _now_s: None
        self.observe: Callable[[str, int, bytes, float], None] = lambda _way, _channel, _datagram, _now_s: None
        self.on_state: Callable[[str, float], None] = lambda _state, _now_s: None
        self.on_other: Callable[[dict[str, float]], None] = lambda _values: None
        self._token = token
        self._histories: dict[str, None] = {}
        self._questions = Questions()
        self._subscriptions = Subscriptions(self._questions, always, self._say_failure)
        self._calls = Calls(lambda: self.session.registry)
        self._retrieval = Retrieval(session, self._questions)
        self._outgoing: list[tuple[int, bytes]] = []
        self._pings = Pings()
        self._renew_s = self._ticked_s = float("-inf")
        self._is_begun = False
        self._is_other = False
        self._has_said_lost = False
        self._gaps = Gaps()
        self._asked_revision = 0
        """The revision of the sidecar's registry for which it was asked last."""

    @property
    def is_attached(self) -> bool:
        """Whether changes and actions can be sent."""
        return self.session.state == "attached"

    @property
    def is_busy(self) -> bool:
        """Whether questions or calls are still without an answer."""
        return bool(self._questions) or bool(self._calls)

    @property
    def is_calling(self) -> bool:
        """Whether a change or an action is still without an answer."""
        return bool(self._calls)

    # what the screens and the remote control ask for

    def set(self, name: str, value: Value, now_s: float, answer: CallAnswer) -> bool:
        """Set a control; False where nothing was sent. ``answer`` is called with a row of its new ``value``."""
        return self._send_call(name, (value,), 0, now_s, answer)

    def call(self, action: str, arguments: Iterable[str], now_s: float, answer: CallAnswer) -> bool:
        """Trigger an action; False where nothing was sent. ``answer`` is called with the rows of its result."""
        channel = 0 if action.startswith(PROMPT) else 1
        return self._send_call(action, tuple(arguments), channel, now_s, answer)

    def recall(self, values: Mapping[str, Value], now_s: float, answer: CallAnswer) -> bool:
        """Set several controls in the same callback; False where nothing was sent."""
        if not self.is_attached or not values:
            return False
        try:
            datagrams = self._calls.recall(values, now_s, answer)
        except OscError as error:
            self.notice(str(error), "error")
            return False
        self._outgoing.extend((0, datagram) for datagram in datagrams)
        return True

    def _send_call(self, name: str, args: Args, channel: int, now_s: float, answer: CallAnswer) -> bool:
        if not self.is_attached:
            return False
        try:
            self._outgoing.append((channel, self._calls.call(name, args, channel, now_s, answer)))
        except OscError as error:
            self.notice(str(error), "error")
            return False
        return True

    def show(self, subscriptions: Iterable[tuple[str, float]], histories: Iterable[str] = ()) -> None:
        """Subscribe to what the present screen needs, and to that alone besides ALWAYS."""
        self._subscriptions.show(subscriptions)
        for name in histories:
            if name not in self._histories:
                self._histories[name] = None
                if self.is_attached:
                    self._retrieval.ask_history(name)
        if self.is_attached:
            self._subscribe(renew=False)

    def ask_values(self) -> None:
        """Ask for the values of all controls and readings again."""
        if self.is_attached:
            self._retrieval.ask_values()

    def ask_anew(self) -> None:
        """Ask for everything again, registry included."""
        if self._is_begun:
            self.instance = ""
            self._is_begun = False
            self._pings.hurry()

    def leave(self) -> None:
        """Take leave of the sidecar: it sends nothing more."""
        if self._is_begun:
            self._outgoing.extend((0, datagram) for datagram in self._subscriptions.end())
            self._is_begun = False

    # time and datagrams

    def take_outgoing(self) -> list[tuple[int, bytes]]:
        """The datagrams to send now, each with its channel; the list is empty afterwards."""
        outgoing, self._outgoing = self._outgoing, []
        for channel, datagram in outgoing:
            self.observe("out", channel, datagram, self._ticked_s)
        return outgoing

    def find_due_s(self) -> float:
        """When `tick` has to be called at the latest."""
        return min(self._pings.find_due_s(self._is_begun), self._questions.find_due_s(), self._gaps.find_due_s())

    def tick(self, now_s: float) -> None:
        """Do what is due: pings, questions, renewals; notice that the sidecar is lost."""
        if self.session.since_s == 0.0 and self._ticked_s == float("-inf"):
            self.session.since_s = now_s
        self._ticked_s = now_s
        if self.session.state != "lost" and self._pings.is_lost(self.session.since_s, now_s):
            self._lose(self._explain_silence(), now_s)
        if now_s >= self._pings.find_due_s(self._is_begun):
            self._pings.note_ping(now_s)
            if not self._is_begun and self._token:
                self._outgoing.extend((channel, encode("/auth", (self._token,))) for channel in (0, 1))
            self._outgoing.append((0, encode("/sideman")))
        if self.is_attached:
            if now_s >= self._renew_s + RENEW_S:
                self._renew_s = now_s
                self._subscribe(renew=True)
            if self._gaps.is_missing(now_s):
                self._retrieval.ask_values()
        self._calls.expire(now_s)
        self.on_tick(now_s)
        self._outgoing.extend((0, datagram) for datagram in self._questions.send_due(now_s))

    def refuse(self, now_s: float) -> None:
        """The system reports that nobody listens at the sidecar's port."""
        if self.session.state != "lost":
            self._lose(self._explain_silence(), now_s)

    def receive(self, datagram: bytes, now_s: float, channel: int = 0) -> None:
        """Take a datagram of the sidecar; a malformed one is ignored."""
        self.observe("in", channel, datagram, now_s)
        try:
            messages = decode(datagram)
        except OscError:
            return
        self._pings.note_datagram(now_s)
        for address, args in messages:
            self._take(address, args, now_s, channel)
        self._outgoing.extend((0, datagram) for datagram in self._questions.send_due(now_s))

    def _take(self, address: str, args: Args, now_s: float, channel: int) -> None:
        if address == "/goodbye":
            self._lose(f"{args[0] if args else 'the sidecar ended'}; sideman run starts it again", now_s)
            return
        if address == "/sideman" or (address == "/error" and args[:1] == ("/sideman",)):
            self._identify(address, args, now_s)
        if address == "/error" and args[:1] == ("/auth",):
            self.notice(f"not admitted: {': '.join(map(str, args[1:3]))}", "error")
        if not self._is_begun or self._calls.take(address, args, channel):
            return
        self._questions.take(address, args)
        if address == "/change" and args and isinstance(args[0], int):
            if self._gaps.take_change(args[0]):
                self._retrieval.ask_values()
        elif address == "/dropped" and args:
            self._ask_for_dropped(to_name(str(args[0])))
        if not self._retrieval.take(address, args):
            self.session.feed(address, args, now_s)
            self.on_message(address, args, now_s)
        if address == "/registry" and args and isinstance(args[0], int):
            self._follow_registry(args[0])
        changes = self.session.read("clock").get("changes") if address == "/clock" else None
        if isinstance(changes, int):
            self._gaps.take_count(changes, now_s)

    # attaching and losing

    def _identify(self, address: str, args: Args, now_s: float) -> None:
        """The sidecar answers: attach to it, or notice that it is another one."""
        known = dict(zip(("name", "version", "protocol", "instance"), args, strict=False))
        instance = str(known.get("instance", "")) if address == "/sideman" else ""
        if address == "/error" and "token" in str(args[1:2]):
            return  # the token comes first
        if self._is_begun and instance == self.instance:
            return
        if self.instance and instance != self.instance:
            self.notice(OTHER_SIDECAR, "warning")
        protocol = known.get("protocol", PROTOCOL)
        if protocol != PROTOCOL:
            text = f"the sidecar speaks protocol {protocol}, this app {PROTOCOL}: install the same version of both"
            self.notice(text, "error")
        is_same = bool(instance) and instance == self.instance
        self._is_other = bool(self.instance) and not is_same
        self.instance = instance
        self._begin(is_same, now_s)

    def _begin(self, is_same: bool, now_s: float) -> None:
        self._is_begun = True
        self._questions.clear()
        self._retrieval.forget()
        self._subscriptions.forget()
        self._gaps.forget()
        self._set_state("attaching", now_s)
        self._questions.ask(Question("/whoami", (), "/whoami", self._take_source, self._say_failure))
        if is_same:
            self._attach(self.session.registry)
        else:
            self._asked_revision = 0
            self._retrieval.ask_registry(self._attach, self._say_failure)

    def _attach(self, registry: Registry) -> None:
        if self._is_other:
            saved = {name for name, control in self.session.registry.controls.items() if control.saved}
            self.on_other({name: value for name, value in self.session.values.items() if name in saved})
        self.session.registry = registry
        self.session.forget_values()
        self._set_state("attached", self._pings.received_s)
        if self._has_said_lost:
            self._has_said_lost = False
            if not self._is_other:
                self.notice(f"attached to {self.session.peer} again", "good")
        self._renew_s = self._pings.received_s
        self._subscribe(renew=True)
        self._retrieval.ask_values()
        for name in self._histories:
            self._retrieval.ask_history(name)

    def _follow_registry(self, revision: int) -> None:
        """Ask for the registry again where it has changed since; it may have been of this revision already."""
        if self.is_attached and revision != self._asked_revision:
            self._asked_revision = revision
            self._retrieval.ask_registry(self._replace_registry, self._say_failure)

    def _replace_registry(self, registry: Registry) -> None:
        self.session.registry = registry
        self.session.revision += 1

    def _take_source(self, replies: list[Message]) -> None:
        self.session.source = str(replies[-1][1][0]) if replies[-1][1] else ""

    def _say_failure(self, text: str) -> None:
        self.notice(text, "error")

    def _lose(self, text: str, now_s: float) -> None:
        self._is_begun = False
        self._has_said_lost = True
        self._questions.clear()
        self._outgoing.clear()
        self._pings.wait(now_s)
        self._set_state("lost", now_s)
        self._calls.abandon("the connection was lost, so it is not known whether it was done")
        self.notice(f"LOST: {text}", "error")

    def _explain_silence(self) -> str:
        """What nobody who answers may mean: the sidecar of before may go on all the same."""
        known = "if it has ended, " if self.instance else ""
        return f"nobody answers at {self.session.peer}; {known}sideman run starts it"

    def _set_state(self, state: str, now_s: float) -> None:
        self.session.state = state
        self.session.since_s = now_s
        self.session.revision += 1
        self.on_state(state, now_s)

    def _subscribe(self, renew: bool) -> None:
        self._outgoing.extend((0, datagram) for datagram in self._subscriptions.update(renew))

    def _ask_for_dropped(self, name: str) -> None:
        if name == "change":
            self._retrieval.ask_values()
        elif name in self._histories:
            self._retrieval.ask_history(name)
