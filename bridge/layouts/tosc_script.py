"""TouchOSC scripts: subscribing, choices, texts and meters, in the Lua 5.1 of TouchOSC.

TouchOSC has no message that it sends by itself, so the script of the layout subscribes, and again every ten seconds:
this also repairs what UDP lost. It sends the words of choices and shows the numbers that come back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bridge.core.control import Control
from bridge.layouts import element_types
from bridge.layouts.layout_labels import count_decimals

RENEW_MS = 10_000
"""Time between two subscriptions. A lease lasts 60 s; so a sidecar that starts later is found soon."""
SILENCE_MS = 25_000
"""Without a message for two renewals the layout says that nobody answers."""
MAX_HZ = 20
"""Messages a second and address that a tablet shows smoothly."""
LOWEST_DB = -60
"""Level of an empty meter in dBFS; a full one is 0."""
STATE = "state"
"""Name of the text that says whether Sideman answers."""

_ROOT = """
local nodes, chosen, due, seen = {}, {}, 0, nil

local function find(name)
  if nodes[name] == nil then nodes[name] = self:findByName(name, true) or false end
  return nodes[name]
end

local function write(name, text)
  local node = find(name)
  if node then node.values.text = text end
end

local function show(address)
  local choice, number = CHOICES[address], chosen[address]
  if choice.row then
    for _, one in ipairs(choice.numbers) do
      local node = find('choice ' .. address .. ' ' .. one)
      if node then node.values.x = one == number and 1 or 0 end
    end
  else
    write('choice ' .. address, choice.words[number] or '')
  end
end

local function turn(address, step)
  local choice = CHOICES[address]
  local at = 1
  choice.since = getMillis()
  for position, one in ipairs(choice.numbers) do
    if one == (choice.offered or chosen[address]) then at = position end
  end
  at = (at - 1 + step) % #choice.numbers + 1
  choice.offered = choice.numbers[at]
  write('choice ' .. address, 'Set ' .. choice.words[choice.offered] .. '?')
end

local function set(address, number)
  CHOICES[address].offered = nil
  chosen[address] = number
  sendOSC(address, CHOICES[address].words[number])
  show(address)
end

function onReceiveNotify(key, value)
  local verb, address = key:match('^(%a+) (.*)$')
  if verb == 'set' then
    set(address, value)
  elseif verb == 'turn' then
    turn(address, value)
  elseif verb == 'take' and CHOICES[address].offered then
    set(address, CHOICES[address].offered)
  end
end

function onReceiveOSC(message, connections)
  local address, arguments = message[1], message[2]
  seen = getMillis()
  if CHOICES[address] and arguments[1] then
    chosen[address] = math.floor(arguments[1].value + 0.5)
    if not CHOICES[address].offered then show(address) end
  end
  for _, field in ipairs(FIELDS[address] or {}) do
    if arguments[field.at] then write(field.name, string.format(field.form, arguments[field.at].value)) end
  end
  if address == METERS and #arguments > 1 then
    local meter = find('meter ' .. arguments[1].value)
    if meter then meter.values.x = math.max(0, math.min(1, 1 - arguments[2].value / LOWEST_DB)) end
  end
end

function update()
  local now = getMillis()
  if now < due then return end
  due = now + RENEW_MS
  if TOKEN then sendOSC('/auth', TOKEN) end
  for _, pattern in ipairs(PATTERNS) do sendOSC('/subscribe', pattern, MAX_HZ, RECEIVE_PORT) end
  for address, choice in pairs(CHOICES) do
    if choice.offered and now - choice.since >= RENEW_MS then
      choice.offered = nil
      show(address)
    end
  end
  if seen and now - seen < SILENCE_MS then write('STATE', 'Sideman') else write('STATE', 'No answer') end
end
"""
_FADER = """
local function show()
  local node = self.parent:findByName(NAME)
  if node then node.values.text = string.format(FORM, LOW + (HIGH - LOW) * self.values.x) end
end

function init() show() end

function onValueChanged(key)
  if key == 'x' then show() end
end

function onReceiveOSC(message, connections)
  return self.values.touch
end
"""
_CHOICE_BUTTON = """
function onValueChanged(key)
  if key ~= 'x' or not self.values.touch then return end
  if self.values.x == 1 then root:notify(KEY, VALUE) else self.values.x = 1 end
end
"""
_STEP_BUTTON = """
function onValueChanged(key)
  if key == 'x' and self.values.x == 1 then root:notify(KEY, VALUE) end
end
"""


def write_root_script(
    elements: Iterable[element_types.Element], patterns: Sequence[str], receive_port: int, token: str
) -> str:
    """The script of the whole layout. ``receive_port``: where TouchOSC receives. ``token``: of [lan], or empty."""
    elements = tuple(elements)
    choices = {
        one.control.address: one
        for one in elements
        if isinstance(one, element_types.ButtonRow | element_types.ChoiceMenu)
    }
    fields: dict[str, list[element_types.FieldText]] = {}
    for one in elements:
        if isinstance(one, element_types.FieldText):
            fields.setdefault(one.reading.address, []).append(one)
    meters = [one.reading.address for one in elements if isinstance(one, element_types.LevelMeter)]
    constants = {
        "TOKEN": quote_lua(token) if token else "nil",
        "RECEIVE_PORT": str(receive_port),
        "MAX_HZ": str(MAX_HZ),
        "RENEW_MS": str(RENEW_MS),
        "SILENCE_MS": str(SILENCE_MS),
        "LOWEST_DB": str(LOWEST_DB),
        "METERS": quote_lua(meters[0]) if meters else "nil",
        "PATTERNS": _write_list(map(quote_lua, patterns)),
        "CHOICES": _write_table({address: _write_choice(one) for address, one in choices.items()}),
        "FIELDS": _write_table({address: _write_list(map(_write_field, ones)) for address, ones in fields.items()}),
    }
    head = "".join(f"local {name} = {value}\n" for name, value in constants.items())
    return head + _ROOT.replace("'STATE'", quote_lua(STATE))


def write_fader_script(control: Control) -> str:
    """The script of a fader: its value as text beside it; what comes back while it is touched does not move it."""
    unit = f" {control.unit}" if control.unit else ""
    form = f"%.{count_decimals(control)}f{unit.replace('%', '%%')}"
    return _fill(
        _FADER, NAME=quote_lua(f"value {control.name}"), FORM=quote_lua(form),
        LOW=f"({control.low:g})", HIGH=f"({control.high:g})",
    )  # fmt: skip


def write_row_script(address: str, number: int) -> str:
    """The script of a button of a row: it sets the choice at ``address``, and stays lit when it is pressed again."""
    return _fill(_CHOICE_BUTTON, KEY=quote_lua(f"set {address}"), VALUE=str(number))


def write_menu_script(verb: str, address: str, step: int = 0) -> str:
    """The script of a button of a menu: ``turn`` offers the next word, ``take`` sets what is offered."""
    return _fill(_STEP_BUTTON, KEY=quote_lua(f"{verb} {address}"), VALUE=str(step))


def quote_lua(text: str) -> str:
    """``text`` as a string of Lua, on one line."""
    escaped = "".join(f"\\{ord(one):03d}" if ord(one) < 32 or one in "'\\\x7f" else one for one in text)
    return f"'{escaped}'"


def _fill(script: str, **values: str) -> str:
    for name, value in values.items():
        script = script.replace(name, value)
    return script


def _write_choice(element: element_types.ButtonRow | element_types.ChoiceMenu) -> str:
    control = element.control
    words = (f"[{int(control.low) + at}] = {quote_lua(word)}" for at, word in enumerate(control.choices))
    row = str(isinstance(element, element_types.ButtonRow)).lower()
    return f"{{row = {row}, numbers = {_write_list(map(str, element.numbers))}, words = {_write_list(words)}}}"


def _write_field(element: element_types.FieldText) -> str:
    form = "%s" if element.decimals is None else f"%.{element.decimals}f"
    prefix, suffix = (text.replace("%", "%%") for text in (element.prefix, element.suffix))
    name = quote_lua(f"field {element.reading.name} {element.field}")
    return f"{{name = {name}, at = {element.position + 1}, form = {quote_lua(prefix + form + suffix)}}}"


def _write_table(entries: Mapping[str, str]) -> str:
    return _write_list(f"\n  [{quote_lua(key)}] = {value}" for key, value in entries.items())


def _write_list(entries: Iterable[str]) -> str:
    return f"{{{', '.join(entries)}}}"
