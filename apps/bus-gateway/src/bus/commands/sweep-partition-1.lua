-- Does what is due in a partition: delayed messages can be fetched, ended leases give their messages back (or fail them
-- after the last attempt), times to live and the keeping of dead letters end. Safe to run from several gateways at once.
-- KEYS[1] events of the partition (names the slot)   ARGV[1…3] as in include-partition.lua
-- ARGV[4] deliveries before a message counts as failed   ARGV[5] milliseconds for which an ended message is remembered
-- ARGV[6] most of each kind in one call   ARGV[7] milliseconds for which dead letters are kept
-- Returns {number of delayed, of returned, of failed, of expired messages, of purged ones, milliseconds until more is due or -1}.
-- include include-partition.lua
-- include include-queue.lua
local removed = base .. 'removed'
if redis.call('EXISTS', leases, expiries, delays, removed, base .. 'burials', base .. 'broadcasters') == 0 then
  return { 0, 0, 0, 0, 0, -1 }
end
begin_removing()
local now = partition_clock()
local attempts, keep, limit = ARGV[4], ARGV[5], tonumber(ARGV[6])
local counts = { delayed = 0, returned = 0, failed = 0, expired = 0, purged = 0 }
local told, order = {}, {}

local function tell(verb, queue, item)
  counts[verb] = counts[verb] + 1
  local name = verb .. ' ' .. queue
  if not told[name] then
    told[name] = { verb = verb, queue = queue, items = {} }
    order[#order + 1] = name
  end
  local items = told[name].items
  items[#items + 1] = item
end

local function each_due(zset, visit)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', zset, '-inf', now, 'LIMIT', 0, limit)) do
    local queue, id = split(member)
    local delivery = read_delivery(queue, id)
    -- Who visits takes the member away; what has no delivery any more is taken away here.
    if not delivery or not visit(queue, id, delivery) then redis.call('ZREM', zset, member) end
  end
end

each_due(expiries, function(queue, id, delivery)
  if delivery.s ~= 'P' and delivery.s ~= 'S' then return false end
  end_delivery(queue, id, delivery, 'X', 'expired', keep)
  tell('expired', queue, item_of(id, delivery))
  return true
end)

each_due(leases, function(queue, id, delivery)
  if delivery.s ~= 'S' then return false end
  local item = item_of(id, delivery)
  local reason = 'The lease ended without an acknowledgement.'
  local outcome = give_up_lease(queue, id, delivery, 'lease', reason, 0, attempts, keep)
  if outcome == 'returned' then item.cause = 'lease' end
  if outcome == 'failed' then item.error = reason end
  tell(outcome, queue, item)
  return true
end)

each_due(delays, function(queue, id, delivery)
  if delivery.s ~= 'P' then return false end
  redis.call('ZREM', delays, member_of(queue, id))
  if redis.call('HEXISTS', queue_key(queue), 'removed') == 1 then
    end_delivery(queue, id, delivery, 'X', 'purged', keep)
    tell('purged', queue, item_of(id, delivery))
    return true
  end
  if delivery.a > 0 then make_ready(queue, id, delivery.l, 'due')
  else take_place(queue, id, delivery.l, delivery.k) end
  counts.delayed = counts.delayed + 1
  return true
end)

-- Groups that were removed: what whoever removed them did not get to, and what came back since.
for _, queue in ipairs(redis.call('SMEMBERS', removed)) do
  for _, item in ipairs(drop_waiting(queue, limit, keep)) do tell('purged', queue, item) end
  if tonumber(redis.call('HGET', queue_key(queue), 'count') or '0') <= 0 then redis.call('SREM', removed, queue) end
end

-- Dead letters that nobody wanted.
local oldest = now - tonumber(ARGV[7])
for _, member in ipairs(redis.call('ZRANGEBYSCORE', base .. 'burials', '-inf', string.format('%.0f', oldest), 'LIMIT', 0, limit)) do
  local queue, id = split(member)
  local delivery = read_delivery(queue, id)
  redis.call('ZREM', base .. 'burials', member)
  redis.call('ZREM', base .. 'dead:' .. tenant_of(queue), member)
  if delivery and delivery.s == 'F' then
    redis.call('HINCRBY', queue_key(queue), 'dead', -1)
    purge_dead(queue, id, keep)
    tell('purged', queue, item_of(id, delivery))
  end
end

-- Tells of broadcasts whose time is over, for all who have not acknowledged them. Whether anybody has, other partitions
-- know; whoever reads the feeds counts an acknowledgement more.
local function tell_over(tenant, items)
  if #items == 0 then return end
  counts.expired = counts.expired + #items
  append_event({
    type = 'concordat.bus.messages.expired.v1', stream = 'queue/*', subject = '*', tenant = tenant, actor = 'service:bus',
    data = cjson.encode({ to = '*', items = items }),
  })
end

-- Broadcasts whose time is over; a tenant has few.
for _, tenant in ipairs(redis.call('SMEMBERS', base .. 'broadcasters')) do
  local log, items, taken = base .. 'broadcasts:' .. tenant, {}, 0
  for _, entry in ipairs(redis.call('XRANGE', log, '-', '+')) do
    local named = {}
    for index = 1, #entry[2], 2 do named[entry[2][index]] = entry[2][index + 1] end
    if tonumber(named.expires) <= now and taken < limit then
      taken = taken + 1
      redis.call('XDEL', log, entry[1])
      if tells_of(named.id) then
        items[#items + 1] = { messageId = named.id, from = named.from, attempt = 0 }
        local key = message_key(tenant, named.id)
        if redis.call('EXISTS', key) == 1 then redis.call('HSET', key, 'over', '1') end
      end
    end
  end
  tell_over(tenant, items)
  if redis.call('XLEN', log) == 0 then
    redis.call('DEL', log)
    redis.call('SREM', base .. 'broadcasters', tenant)
  end
end

for _, name in ipairs(order) do
  local group = told[name]
  append_life(group.verb, group.queue, 'service:bus', group.items)
end

local next_ms = -1
for _, zset in ipairs({ expiries, leases, delays }) do
  local first = redis.call('ZRANGE', zset, 0, 0, 'WITHSCORES')
  if first[2] then
    local left = math.max(0, tonumber(first[2]) - now)
    if next_ms < 0 or left < next_ms then next_ms = left end
  end
end
return { counts.delayed, counts.returned, counts.failed, counts.expired, counts.purged, math.ceil(next_ms) }
