-- A queue is the inbox of an agent (`<tenant>:i:<did>`) or a group of a topic (`<tenant>:t:<topic>:<group>`).
--   q:<queue>          hash: count (messages that wait or are leased), dead (dead letters), leased, turn, seen (broadcasts)
--   q:<queue>:<lane>   lists of ids that can be fetched, URGENT to LOW; q:<queue>:due those that came back, first of all
--   q:<queue>:k:<key>  list of the ids of an ordering key; only the first of them is anywhere else. What has never been
--                      handed out and waits for its time is not in it yet: it holds nobody up
--   d:<queue> <id>     hash, the delivery: s(tatus P S D F X), a(ttempts), t(oken), l(ane), k(ey), f(rom), c(onsumer), x (history),
--                      r (how often it was replayed; nothing when it never was)
--   m:<tenant>:<id>    hash, the message: h(ead, JSON), p(ayload), tm (its time), tp (traceparent), open, delivered, failed (those
--                      among the open ones that are dead letters), expired, purged, at; broadcast: the clock when its time is over, over
--                      when that was told
--   removed        set of the queues of removed groups that are not empty yet
--   q:<queue>:consumers  sorted set of the agents that got messages of a group within the last minute
-- queues: set of those with messages or dead letters, and of some that had; look-at-partition-1.lua takes these out.
-- leases, expiries, delays: sorted sets of `<queue> <id>` by the clock of the partition.
local lanes = { 'URGENT', 'HIGH', 'NORMAL', 'LOW' }
local function queue_key(queue) return base .. 'q:' .. queue end
local function delivery_key(queue, id) return base .. 'd:' .. queue .. ' ' .. id end
local function message_key(tenant, id) return base .. 'm:' .. tenant .. ':' .. id end
local function member_of(queue, id) return queue .. ' ' .. id end
local function split(member) return string.match(member, '^(%S+) (%S+)$') end

local function read_delivery(queue, id)
  local kept = redis.call('HMGET', delivery_key(queue, id), 's', 'a', 't', 'l', 'k', 'f', 'c', 'x', 'r')
  if not kept[1] then return nil end
  return { s = kept[1], a = tonumber(kept[2]), t = kept[3], l = kept[4], k = kept[5] or '', f = kept[6], c = kept[7],
    x = kept[8] or '', r = tonumber(kept[9]) }
end

-- What an event tells of a delivery.
local function item_of(id, delivery)
  return { messageId = id, from = delivery.f, attempt = delivery.a, replay = delivery.r }
end

local consumers_ms = 60000
local function consumers_key(queue) return queue_key(queue) .. ':consumers' end
local function note_consumer(queue, consumer)
  local key = consumers_key(queue)
  redis.call('ZADD', key, partition_clock(), consumer)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', after(-consumers_ms))
  redis.call('PEXPIRE', key, consumers_ms)
end

-- The id at the head of each list of a queue; the oldest of them (a UUIDv7 holds its time) has waited longest of those
-- that are next in line.
local function heads_of(queue)
  local heads = {}
  for _, list in ipairs({ 'due', unpack(lanes) }) do
    local id = redis.call('LINDEX', queue_key(queue) .. ':' .. list, 0)
    if id then heads[#heads + 1] = id end
  end
  return heads
end

-- Wakes the readers of a queue, once per script.
local rung = {}
local function ring(name)
  if rung[name] then return end
  rung[name] = true
  redis.call('XADD', base .. 'doorbell', 'MAXLEN', '~', 1000, '*', 'queue', name)
end

local function make_ready(queue, id, lane, place)
  if place == 'front' then redis.call('LPUSH', queue_key(queue) .. ':due', id)
  elseif place == 'due' then redis.call('RPUSH', queue_key(queue) .. ':due', id)
  else redis.call('RPUSH', queue_key(queue) .. ':' .. lane, id) end
  ring(queue)
end

-- A new message takes its place: behind the others of its key, or where it can be fetched.
local function take_place(queue, id, lane, key)
  if key ~= '' and redis.call('RPUSH', queue_key(queue) .. ':k:' .. key, id) > 1 then return end
  make_ready(queue, id, lane)
end

-- Those of a key whose time is over and that the sweeper has not seen yet: they could be fetched before whatever comes now.
local function admit_due(queue, key)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', delays, '-inf', string.format('%.0f', partition_clock()), 'LIMIT', 0, 100)) do
    local of, id = split(member)
    local delivery = of == queue and read_delivery(queue, id)
    if delivery and delivery.s == 'P' and delivery.a == 0 and delivery.k == key then
      redis.call('ZREM', delays, member)
      take_place(queue, id, delivery.l, key)
    end
  end
end

-- options: { from, lane, key, due (clock) or '', expires (clock) or '' }
local function enqueue(queue, id, options)
  if redis.call('HINCRBY', queue_key(queue), 'count', 1) == 1 then redis.call('SADD', base .. 'queues', queue) end
  redis.call('HSET', delivery_key(queue, id), 's', 'P', 'a', 0, 't', '', 'l', options.lane, 'k', options.key,
    'f', options.from)
  if options.expires ~= '' then redis.call('ZADD', expiries, options.expires, member_of(queue, id)) end
  if options.due ~= '' then
    redis.call('ZADD', delays, options.due, member_of(queue, id))
    return
  end
  if options.key ~= '' then admit_due(queue, options.key) end
  take_place(queue, id, options.lane, options.key)
end

-- Out of its key: the next of the key takes its turn.
local function leave_key(queue, id, key)
  if key == '' then return end
  local list = queue_key(queue) .. ':k:' .. key
  if redis.call('LINDEX', list, 0) ~= id then
    redis.call('LREM', list, 1, id)
    return
  end
  redis.call('LPOP', list)
  local following = redis.call('LINDEX', list, 0)
  if not following then return end
  local waiting = read_delivery(queue, following)
  if waiting then make_ready(queue, following, waiting.l) end
end

-- Off every list and clock. A message that waits in a lane is looked for from the front, where the oldest are.
local function withdraw(queue, id, delivery)
  local member = member_of(queue, id)
  redis.call('ZREM', expiries, member)
  local delayed = false
  if delivery.s == 'S' then
    if redis.call('ZREM', leases, member) == 1 then redis.call('HINCRBY', queue_key(queue), 'leased', -1) end
  elseif delivery.s == 'P' then
    delayed = redis.call('ZREM', delays, member) == 1
    if not delayed and redis.call('LREM', queue_key(queue) .. ':' .. delivery.l, 1, id) == 0 then
      redis.call('LREM', queue_key(queue) .. ':due', 1, id)
    end
  end
  if not (delayed and delivery.a == 0) then leave_key(queue, id, delivery.k) end
end

-- A message lives until the last of those who have it is done with it; a broadcast also until its time is over, because
-- other inboxes may still take it.
local function count_end(queue, id, outcome, keep)
  local key = message_key(tenant_of(queue), id)
  local kept = redis.call('HMGET', key, 'open', outcome, 'broadcast')
  local open, count = tonumber(kept[1] or '0') - 1, tonumber(kept[2] or '0') + 1
  if outcome == 'delivered' then redis.call('HSET', key, 'open', open, outcome, count, 'at', time)
  else redis.call('HSET', key, 'open', open, outcome, count) end
  if open > 0 then return end
  local over = kept[3]
  if over then
    redis.call('PEXPIRE', key, string.format('%.0f', math.max(0, tonumber(over) - partition_clock()) + keep))
  else
    redis.call('HDEL', key, 'p')
    redis.call('PEXPIRE', key, keep)
  end
end

-- A dead letter that nobody wants (any more).
local function purge_dead(queue, id, keep)
  redis.call('DEL', delivery_key(queue, id))
  redis.call('HINCRBY', message_key(tenant_of(queue), id), 'failed', -1)
  count_end(queue, id, 'purged', keep)
end

-- Ends a delivery that waits or is leased. What is asked for afterwards (message.get, a repeated acknowledgement) stays
-- for `keep` milliseconds. status: D or X; outcome: delivered, expired or purged.
local function end_delivery(queue, id, delivery, status, outcome, keep)
  withdraw(queue, id, delivery)
  redis.call('HINCRBY', queue_key(queue), 'count', -1)
  redis.call('HINCRBY', queue_key(queue), outcome, 1)
  local key = delivery_key(queue, id)
  redis.call('HSET', key, 's', status)
  redis.call('PEXPIRE', key, keep)
  count_end(queue, id, outcome, keep)
end

-- Ends what waits in the queue of a group that was removed, at most `limit` messages. What is leased, or waits for its
-- time, ends when that is over; only then those behind it in its key can be found here.
-- Returns the item of each.
local function drop_waiting(queue, limit, keep)
  local items = {}
  local function pop()
    for _, list in ipairs({ 'due', unpack(lanes) }) do
      local id = redis.call('LPOP', queue_key(queue) .. ':' .. list)
      if id then return id end
    end
  end
  while #items < limit do
    local id = pop()
    local delivery = id and read_delivery(queue, id)
    if not delivery then break end
    -- It is off its list already; looking for it in there would take long.
    delivery.s = ''
    end_delivery(queue, id, delivery, 'X', 'purged', keep)
    items[#items + 1] = item_of(id, delivery)
  end
  return items
end

local history_bytes = 8192
local function remember(queue, id, delivery, cause, reason)
  local entry = cjson.encode({ attempt = delivery.a, at = time, cause = cause, error = reason })
  if #delivery.x + #entry > history_bytes then return end
  delivery.x = delivery.x == '' and entry or (delivery.x .. ',' .. entry)
  redis.call('HSET', delivery_key(queue, id), 'x', delivery.x)
end

-- Into the dead letters of its queue; it keeps its message and its history.
local function bury(queue, id, delivery, reason)
  withdraw(queue, id, delivery)
  redis.call('HINCRBY', queue_key(queue), 'count', -1)
  redis.call('HINCRBY', queue_key(queue), 'dead', 1)
  redis.call('HINCRBY', queue_key(queue), 'failed', 1)
  redis.call('HSET', delivery_key(queue, id), 's', 'F', 'e', reason, 'ft', time)
  local key = message_key(tenant_of(queue), id)
  redis.call('HINCRBY', key, 'failed', 1)
  redis.call('PERSIST', key)
  redis.call('ZADD', base .. 'dead:' .. tenant_of(queue), partition_clock(), member_of(queue, id))
  redis.call('ZADD', base .. 'burials', partition_clock(), member_of(queue, id))
end

-- A delivery that did not succeed: it fails after its last attempt, and waits `delay` milliseconds otherwise (or until
-- it is fetched again, with 0). Of a group that was removed it ends.
-- Returns 'returned', 'failed' or 'purged'.
local function give_up_lease(queue, id, delivery, cause, reason, delay, attempts, keep)
  if redis.call('HEXISTS', queue_key(queue), 'removed') == 1 then
    end_delivery(queue, id, delivery, 'X', 'purged', keep)
    return 'purged'
  end
  remember(queue, id, delivery, cause, reason)
  if delivery.a >= tonumber(attempts) then
    bury(queue, id, delivery, reason)
    return 'failed'
  end
  redis.call('ZREM', leases, member_of(queue, id))
  redis.call('HINCRBY', queue_key(queue), 'leased', -1)
  redis.call('HSET', delivery_key(queue, id), 's', 'P', 't', '')
  if tonumber(delay) > 0 then
    redis.call('ZADD', delays, after(delay), member_of(queue, id))
  else
    make_ready(queue, id, delivery.l, 'due')
  end
  return 'returned'
end
