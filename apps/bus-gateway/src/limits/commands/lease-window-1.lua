-- Counts into a sliding window that all gateways share, and some more as a lease, to be spent without asking.
-- The window is kept in slots; a slot that is partly in it counts whole, and a lease counts from its grant to the last
-- moment at which it may have been spent. So within any window all gateways together spend at most the limit.
-- KEYS[1] window: a hash of counts by slot, and for each holder of a lease, under `lease:<holder>`, `<amount> <slot>`
-- ARGV[1] now, milliseconds since 1970; '' for the clock of this Redis   ARGV[2] holder
-- ARGV[3] number needed, all or none   ARGV[4] most beyond that   ARGV[5] what the holder has left of its lease
-- ARGV[6] length of a lease, milliseconds   ARGV[7] length of the window, milliseconds   ARGV[8] slots in it
-- ARGV[9] limit
-- Returns whether the needed ones were counted (1 or 0), the number leased, and the milliseconds until the needed ones
-- may have room. After a clock went back, what lies ahead counts as of now: nobody gets more, and nobody waits for ever.
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
local holder, needed, more, left = 'lease:' .. ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local lease_ms, window_ms, limit = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[9])
local slot_ms = window_ms / tonumber(ARGV[8])
local slot = math.floor((now + lease_ms) / slot_ms)
local oldest = math.floor((now - window_ms) / slot_ms)

local counts, used, own = {}, 0, nil
local state = redis.call('HGETALL', KEYS[1])
for index = 1, #state, 2 do
  local field, value = state[index], state[index + 1]
  local at = tonumber(field)
  if field == holder then
    own = value
  elseif not at then
    local _, counted = string.match(value, '^(%d+) (%d+)$')
    if tonumber(counted) < oldest then redis.call('HDEL', KEYS[1], field) end
  elseif at < oldest then
    redis.call('HDEL', KEYS[1], field)
  else
    if at > slot then
      redis.call('HDEL', KEYS[1], field)
      redis.call('HINCRBY', KEYS[1], slot, value)
      at = slot
    end
    counts[at] = (counts[at] or 0) + tonumber(value)
    used = used + tonumber(value)
  end
end

-- What was leased and not spent is given back where it was counted, as long as that still counts.
if own then
  local amount, counted = string.match(own, '^(%d+) (%d+)$')
  local at = math.min(tonumber(counted), slot)
  local back = math.min(left, tonumber(amount), counts[at] or 0)
  if back > 0 then
    redis.call('HINCRBY', KEYS[1], at, -back)
    counts[at] = counts[at] - back
    used = used - back
  end
  redis.call('HDEL', KEYS[1], holder)
end

local free = limit - used
local taken, lease, wait = 0, 0, 0
if free >= needed then
  taken = 1
  lease = math.max(0, math.min(more, math.floor((free - needed) / 4)))
  redis.call('HINCRBY', KEYS[1], slot, needed + lease)
  if lease > 0 then redis.call('HSET', KEYS[1], holder, string.format('%d %d', lease, slot)) end
else
  -- Until enough slots have left the window; for what never fits, until all have.
  local missing = needed - free
  wait = window_ms
  for at = oldest, slot do
    missing = missing - (counts[at] or 0)
    if missing <= 0 then
      wait = math.ceil((at + 1) * slot_ms + window_ms - now)
      break
    end
  end
end
redis.call('PEXPIRE', KEYS[1], math.ceil(window_ms + slot_ms) + 2 * lease_ms)
return { taken, lease, wait }
