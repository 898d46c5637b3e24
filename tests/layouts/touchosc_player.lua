-- TouchOSC player: the scripts of a layout with what TouchOSC gives them (Lua 5.1), for tests.
-- NODES: list of {name, parent, kind, x, text, script, messages}; SCENARIO: a function that plays. Both come before this.
local now, by_number, queue = 1, {}, {}

local function notify_value(node, key)
  local handler = node.env and rawget(node.env, 'onValueChanged')
  if handler then handler(key) end
end

local function make_values(node, start)
  local stored = start
  return setmetatable({}, {
    __index = stored,
    __newindex = function(_, key, value)
      assert(stored[key] ~= nil, node.name .. ' has no value ' .. key)
      assert(type(value) == type(stored[key]), node.name .. '.' .. key .. ' is no ' .. type(value))
      if stored[key] ~= value then
        stored[key] = value
        notify_value(node, key)
      end
    end,
  })
end

local function find(node, name, recursive)
  for _, child in ipairs(node.children) do
    if child.name == name then return child end
    local found = recursive and find(child, name, true)
    if found then return found end
  end
end

local function write_out(...)
  local parts = {}
  for _, one in ipairs({...}) do parts[#parts + 1] = type(one) .. ':' .. tostring(one) end
  io.write(table.concat(parts, '\t'), '\n')
end

for number, node in ipairs(NODES) do
  by_number[number], node.children = node, {}
  if node.parent > 0 then
    node.parent = by_number[node.parent]
    table.insert(node.parent.children, node)
  end
  node.values = make_values(node, {x = node.x, text = node.text, touch = false})
  node.findByName = function(self, name, recursive) return find(self, name, recursive) end
  node.notify = function(self, key, value) rawget(self.env, 'onReceiveNotify')(key, value) end
end
local root = by_number[1]

for _, node in ipairs(NODES) do
  if node.script ~= '' then
    node.env = {
      self = node, root = root, math = math, string = string, table = table, ipairs = ipairs, pairs = pairs,
      tostring = tostring, type = type, print = print, getMillis = function() return now end,
      sendOSC = function(address, ...) write_out('send', address, ...) end,
    }
    local chunk = assert(loadstring(node.script, node.name))
    setfenv(chunk, node.env)
    chunk()
    local init = rawget(node.env, 'init')
    if init then init() end
  end
end

local function get(name) return assert(find(root, name, true), 'no node ' .. name) end

local play = {}

function play.wait(milliseconds)
  now = now + milliseconds
  root.env.update()
end

function play.receive(address, ...)
  local message, arguments = {address, {}}, {...}
  for _, one in ipairs(arguments) do
    table.insert(message[2], {tag = type(one) == 'string' and 's' or 'f', value = one})
  end
  root.env.onReceiveOSC(message, {})
  for _, node in ipairs(NODES) do
    for _, binding in ipairs(node.messages) do
      if binding.path == address and binding.receives then
        local handler = node.env and rawget(node.env, 'onReceiveOSC')
        if not (handler and handler(message, {})) then
          node.values.x = (arguments[1] - binding.low) / (binding.high - binding.low)
        end
      end
    end
  end
end

function play.press(name)
  local node = get(name)
  node.values.touch = true
  node.values.x = node.toggles and 1 - node.values.x or 1
end

function play.release(name)
  local node = get(name)
  if not node.toggles then node.values.x = 0 end
  node.values.touch = false
end

function play.touch(name, x)
  local node = get(name)
  node.values.touch = true
  node.values.x = x
end

function play.show(name)
  local node = get(name)
  write_out('show', name, node.kind == 'BUTTON' and node.values.x or node.kind == 'FADER' and node.values.x or node.values.text)
end

SCENARIO(play)
