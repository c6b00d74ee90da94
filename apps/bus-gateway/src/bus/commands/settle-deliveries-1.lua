-- Settles deliveries: acknowledges them, gives them back, or extends their leases. A token is good until its lease is
-- ended or a later delivery has replaced it; acknowledging twice with the same token is one acknowledgement.
-- KEYS[1] events of the partition (names the slot)   ARGV[1…3] as in include-partition.lua
-- ARGV[4] deliveries before a message counts as failed   ARGV[5] milliseconds for which an ended message is remembered
-- ARGV[6] longest backoff in milliseconds   ARGV[7] a random number from 0 to 1, for jitter
-- ARGV[8…] for each delivery 8 values:
--   queue, consumer, verb (ack, nack, extend, release), message id, secret of the token,
--   milliseconds (nack: until it can be fetched again, '' for a backoff; extend: length of the lease from now), reason (nack),
--   traceparent or ''
-- The backoff doubles from one second with every attempt; half of it is jitter, so that what failed together does not
-- come again together.
-- `release` takes a delivery back that never reached its consumer: it does not count as an attempt.
-- Returns for each 'settled', 'returned', 'failed', 'purged' or 'stale', and at the end the position of the last audit
-- event or ''.
-- include include-partition.lua
-- include include-queue.lua
begin_removing()
local attempts, keep = ARGV[4], ARGV[5]
local answers, at = {}, ''
-- What happened, by verb, queue and consumer, in the order of the first of each.
local told, order = {}, {}

local function tell(verb, queue, consumer, item, traceparent)
  local name = verb .. ' ' .. queue .. ' ' .. consumer
  if not told[name] then
    told[name] = { verb = verb, queue = queue, consumer = consumer, items = {}, traceparent = traceparent }
    order[#order + 1] = name
  end
  local items = told[name].items
  items[#items + 1] = item
  if told[name].traceparent ~= traceparent then told[name].traceparent = '' end
end

local settled = 0
local function backoff(attempt)
  local longest = math.min(1000 * 2 ^ (attempt - 1), tonumber(ARGV[6]))
  return math.floor(longest * (0.5 + (tonumber(ARGV[7]) + settled * 0.618) % 1 / 2))
end

local function settle(queue, consumer, verb, id, secret, ms, reason, traceparent)
  local delivery = read_delivery(queue, id)
  if not delivery or delivery.t ~= secret or secret == '' or delivery.c ~= consumer then return 'stale' end
  if delivery.s == 'D' and verb == 'ack' then return 'settled' end
  if delivery.s ~= 'S' then return 'stale' end
  local item = item_of(id, delivery)
  if verb == 'ack' then
    end_delivery(queue, id, delivery, 'D', 'delivered', keep)
    tell('delivered', queue, consumer, item, traceparent)
    return 'settled'
  end
  if verb == 'extend' then
    redis.call('ZADD', leases, after(ms), member_of(queue, id))
    return 'settled'
  end
  if verb == 'release' then
    redis.call('ZREM', leases, member_of(queue, id))
    redis.call('HINCRBY', queue_key(queue), 'leased', -1)
    redis.call('HSET', delivery_key(queue, id), 's', 'P', 't', '', 'a', delivery.a - 1)
    make_ready(queue, id, delivery.l, 'front')
    item.cause = 'released'
    tell('returned', queue, consumer, item, traceparent)
    return 'returned'
  end
  settled = settled + 1
  local delay = ms == '' and backoff(delivery.a) or ms
  local outcome = give_up_lease(queue, id, delivery, 'nack', reason, delay, attempts, keep)
  if outcome == 'returned' then item.cause = 'nack' end
  if outcome ~= 'purged' then item.error = reason end
  tell(outcome, queue, consumer, item, traceparent)
  return outcome
end

for first = 8, #ARGV, 8 do
  answers[#answers + 1] = settle(unpack(ARGV, first, first + 7))
end
for _, name in ipairs(order) do
  local group = told[name]
  at = append_life(group.verb, group.queue, 'agent:' .. group.consumer, group.items, group.traceparent)
end
answers[#answers + 1] = at
return answers
