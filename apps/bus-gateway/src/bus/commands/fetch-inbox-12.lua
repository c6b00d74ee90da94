-- Hands out messages of one inbox under a lease: those whose lease has ended first, then new ones by priority.
-- KEYS[1…4] lanes URGENT, HIGH, NORMAL, LOW (streams)   KEYS[5] due list: ids whose lease has ended
-- KEYS[6] turn counter of the inbox   KEYS[7] leases (zset of state keys by end)   KEYS[8] expiries (zset)
-- KEYS[9] clock   KEYS[10] events of the partition   KEYS[11] head of the events   KEYS[12] number of messages in the inbox
-- ARGV[1] number of messages   ARGV[2] length of the lease, milliseconds   ARGV[3] consumer
-- ARGV[4] prefix of the state keys (same slot)   ARGV[5] source of the events   ARGV[6] epoch for events that are new
-- ARGV[7] time, RFC 3339   ARGV[8] actor   ARGV[9] bytes of payload after which no further message is handed out
-- ARGV[10…] one secret per message, for its delivery token
-- Returns the messages, each a flat list of fields and values. An empty inbox costs no write.
-- include include-clock.lua
-- include include-feed.lua
-- include include-message.lua
if tonumber(redis.call('GET', KEYS[12]) or '0') == 0 then return {} end
begin_removing(KEYS[9])
local now = partition_clock(KEYS[9])
local wanted = tonumber(ARGV[1])
local feed = { events = KEYS[10], head = KEYS[11], source = ARGV[5], epoch = ARGV[6] }
local found = {}
local bytes = 0

local function has_room() return #found < wanted and bytes < tonumber(ARGV[9]) end

local function deliver(key, message, data)
  local attempt = tonumber(message.attempt) + 1
  local token = ARGV[10 + #found]
  local ends = string.format('%.0f', now + tonumber(ARGV[2]))
  redis.call('HSET', key, 'status', 'SENT', 'attempt', attempt, 'token', token)
  redis.call('ZADD', KEYS[7], ends, key)
  append_to_feed(feed, life_event('sent', key, message, ARGV[7], ARGV[8], { attempt = attempt }))
  bytes = bytes + #data
  found[#found + 1] = {
    'id', message.id, 'token', token, 'attempt', tostring(attempt), 'from', message.from, 'to', message.to,
    'type', message.type, 'priority', message.priority, 'correlation', message.correlation, 'replyTo', message.replyTo,
    'time', message.time, 'ttlMs', message.ttlMs, 'traceparent', message.traceparent, 'data', data,
  }
end

local function is_expired(key)
  local expires = redis.call('ZSCORE', KEYS[8], key)
  return expires and tonumber(expires) <= now
end

-- Pending first.
while has_room() do
  local id = redis.call('LPOP', KEYS[5])
  if not id then break end
  local key = ARGV[4] .. id
  local message = read_message(key)
  if message and message.status == 'PENDING' and not is_expired(key) then
    local entry = redis.call('XRANGE', message.lane, message.entry, message.entry)[1]
    if entry then
      local data
      for index = 1, #entry[2], 2 do if entry[2][index] == 'data' then data = entry[2][index + 1] end end
      deliver(key, message, data)
    end
  end
end

-- Then new ones. Every eighth turn begins with the lowest priority, so that no lane waits for ever.
local turn = 0
if has_room() then turn = redis.call('INCR', KEYS[6]) end
for step = 1, 4 do
  local lane = KEYS[step]
  if turn % 8 == 0 then lane = KEYS[5 - step] end
  while has_room() and redis.call('EXISTS', lane) == 1 do
    -- One by one: how large a message is shows only when it is read, and what is read must be handed out.
    local read = redis.call('XREADGROUP', 'GROUP', 'agent_wavefront', ARGV[3], 'COUNT', 1, 'STREAMS', lane, '>')
    if not read then break end
    local entry = read[1][2][1]
    local named = {}
    for index = 1, #entry[2], 2 do named[entry[2][index]] = entry[2][index + 1] end
    local key = ARGV[4] .. named.id
    local message = read_message(key)
    -- An expired message stays pending for the reaper, which says so in the audit feed.
    if not message then
      redis.call('XACK', lane, 'agent_wavefront', entry[1])
      redis.call('XDEL', lane, entry[1])
    elseif message.status == 'PENDING' and not is_expired(key) then
      deliver(key, message, named.data)
    end
  end
end

return found
