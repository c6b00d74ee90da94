-- What every script of a partition begins with. All keys of a partition share its hash tag, so a script names one of
-- them in KEYS (the events, for the slot) and derives the others.
-- ARGV[1] source of the partition, `bus.<p>`   ARGV[2] milliseconds since 1970, the epoch of a feed that is new
-- ARGV[3] time, RFC 3339
local base = 'cc:{' .. ARGV[1] .. '}:'
local time = ARGV[3]
local leases, expiries, delays = base .. 'leases', base .. 'expiries', base .. 'delays'

-- The clock of the partition, in milliseconds: goes as Redis' clock goes, but at most two seconds between two looks and
-- never backwards. A jump of the machine's clock then neither ends every lease at once nor revives an ended one.
local clock_now
local function partition_clock()
  if clock_now then return clock_now end
  local key = base .. 'clock'
  local read = redis.call('TIME')
  local wall = tonumber(read[1]) * 1000 + math.floor(tonumber(read[2]) / 1000)
  local kept = redis.call('HMGET', key, 'wall', 'logical')
  clock_now = wall
  if kept[1] then
    clock_now = tonumber(kept[2]) + math.max(0, math.min(wall - tonumber(kept[1]), 2000))
  end
  redis.call('HSET', key, 'wall', string.format('%.0f', wall), 'logical', string.format('%.0f', clock_now))
  return clock_now
end
local function after(ms) return string.format('%.0f', partition_clock() + tonumber(ms)) end

-- For scripts that take messages out: a Redis whose memory is full lets a script finish once it has written something
-- that needs none, and PERSIST, which changes nothing here, is such a write. What is taken out makes room.
local function begin_removing() redis.call('PERSIST', base .. 'clock') end

-- Appends an event to the audit feed of the partition (entry format: libs/contracts/src/envelope.ts).
-- event: { type, stream, subject, tenant, actor, data (JSON text), correlation?, traceparent? }
local head
local feed_length
local function append_event(event)
  local key = base .. 'head'
  if not head then
    local kept = redis.call('HMGET', key, 'epoch', 'position')
    head = { epoch = kept[1] or ARGV[2], position = tonumber(kept[2] or '0'), before = (kept[1] or '0') .. '-' .. (kept[2] or '0') }
  end
  head.position = head.position + 1
  local position = string.format('%.0f', head.position)
  local id = head.epoch .. '-' .. position
  local fields = {
    'ce_specversion', '1.0', 'ce_id', ARGV[1] .. ':' .. head.epoch .. ':' .. position, 'ce_type', event.type,
    'ce_source', '/concordat/' .. ARGV[1], 'ce_subject', event.subject, 'ce_time', time,
    'tenant', event.tenant, 'actor', event.actor, 'stream', event.stream, 'version', '0',
    'prev', head.before, 'data', event.data,
  }
  if (event.correlation or '') ~= '' then fields[#fields + 1] = 'correlation' fields[#fields + 1] = event.correlation end
  if (event.traceparent or '') ~= '' then fields[#fields + 1] = 'traceparent' fields[#fields + 1] = event.traceparent end
  redis.call('XADD', base .. 'events', id, unpack(fields))
  if feed_length then feed_length = feed_length + 1 end
  redis.call('HSET', key, 'epoch', head.epoch, 'position', position, 'at', id)
  head.before = id
  return id
end
-- Whether this partition tells the feed of a message that lies in all of them: its id names the one that does.
local function tells_of(id) return string.match(id, '^msg%-%d+%-(%d+)%-') == string.match(ARGV[1], '%d+$') end
local function feed_is_full(limit)
  feed_length = feed_length or redis.call('XLEN', base .. 'events')
  return feed_length >= tonumber(limit)
end

-- The tenant of a queue, and how it is called in events: the DID of an inbox, `topic:<name>/<group>` for a group.
local function tenant_of(queue) return (string.match(queue, '^([^:]+):')) end
local function address_of(queue)
  local did = string.match(queue, '^[^:]+:i:(.+)$')
  if did then return did end
  local topic, group = string.match(queue, '^[^:]+:t:([^:]+):([^:]+)$')
  return 'topic:' .. topic .. '/' .. group
end

-- One event for all the messages of a queue to which the same thing happened in this script.
-- items: list of { messageId, from, attempt, … }   traceparent: of the call that did it; '' or nil when there were several
local function append_life(verb, queue, actor, items, traceparent)
  if #items == 0 then return nil end
  local data = { to = address_of(queue), items = items }
  return append_event({
    type = 'concordat.bus.messages.' .. verb .. '.v1', stream = 'queue/' .. data.to, subject = data.to,
    tenant = tenant_of(queue), actor = actor, traceparent = traceparent, data = cjson.encode(data),
  })
end
