-- Hands out messages of queues under leases: those that came back first, then new ones by priority.
-- KEYS[1] events of the partition (names the slot)   ARGV[1…3] as in include-partition.lua
-- ARGV[4] bytes of payload after which a request gets no further message   ARGV[5] milliseconds for which an ended
-- message is remembered   ARGV[6…] for each request 7 values:
--   queue, DID of the consumer, most messages, length of the lease in milliseconds, secret of the delivery tokens,
--   '1' when broadcasts of the tenant belong into the queue, traceparent or ''
-- Returns for each request a list of {id, attempt, head, payload, time, traceparent}. An empty queue costs no write.
-- include include-partition.lua
-- include include-queue.lua
begin_removing()

-- Of sixteen turns one begins with LOW, one with NORMAL and two with HIGH, so that no lane waits for ever.
local function first_lane(turn)
  if turn == 15 then return 4 end
  if turn == 7 then return 3 end
  if turn % 8 == 3 then return 2 end
  return 1
end

local function next_new(queue)
  local turn = tonumber(redis.call('HINCRBY', queue_key(queue), 'turn', 1)) % 16
  local first = first_lane(turn)
  local id = redis.call('LPOP', queue_key(queue) .. ':' .. lanes[first])
  for lane = 1, 4 do
    if id then return id end
    if lane ~= first then id = redis.call('LPOP', queue_key(queue) .. ':' .. lanes[lane]) end
  end
  return id
end

-- Takes broadcasts that the inbox has not seen, up to so many. Its own stay away, and those whose time is over: they are
-- passed by, however many they are.
local function take_broadcasts(queue, consumer, wanted)
  local log = base .. 'broadcasts:' .. tenant_of(queue)
  if redis.call('EXISTS', log) == 0 then return end
  local seen = redis.call('HGET', queue_key(queue), 'seen') or '0-0'
  local last, taken = seen, 0
  while taken < wanted do
    local entries = redis.call('XRANGE', log, '(' .. last, '+', 'COUNT', wanted - taken)
    if #entries == 0 then break end
    for _, entry in ipairs(entries) do
      local named = {}
      for index = 1, #entry[2], 2 do named[entry[2][index]] = entry[2][index + 1] end
      if named.from ~= consumer and tonumber(named.expires) > partition_clock() then
        redis.call('HINCRBY', message_key(tenant_of(queue), named.id), 'open', 1)
        enqueue(queue, named.id, { from = named.from, lane = named.lane, key = named.key, due = '', expires = named.expires })
        taken = taken + 1
      end
    end
    last = entries[#entries][1]
  end
  if last ~= seen then redis.call('HSET', queue_key(queue), 'seen', last) end
end

local function serve(queue, consumer, wanted, lease, secret, has_broadcasts, traceparent)
  local found, items, bytes = {}, {}, 0
  if has_broadcasts then take_broadcasts(queue, consumer, wanted) end
  local kept = redis.call('HMGET', queue_key(queue), 'count', 'removed')
  if tonumber(kept[1] or '0') <= 0 or kept[2] then return found end
  local ends = after(lease)

  local function deliver(id)
    local delivery = read_delivery(queue, id)
    if not delivery or delivery.s ~= 'P' then return end
    local member = member_of(queue, id)
    local expires = redis.call('ZSCORE', expiries, member)
    -- The sweeper ends it, and says so in the feed.
    if expires and tonumber(expires) <= partition_clock() then return end
    local message = redis.call('HMGET', message_key(tenant_of(queue), id), 'h', 'p', 'tm', 'tp')
    if not message[2] then
      end_delivery(queue, id, delivery, 'X', 'expired', ARGV[5])
      return
    end
    delivery.a = delivery.a + 1
    redis.call('HSET', delivery_key(queue, id), 's', 'S', 'a', delivery.a, 't', secret, 'c', consumer)
    redis.call('ZADD', leases, ends, member)
    bytes = bytes + #message[2]
    found[#found + 1] = { id, tostring(delivery.a), message[1], message[2], message[3], message[4] }
    items[#items + 1] = item_of(id, delivery)
  end

  local function has_room() return #found < wanted and bytes < tonumber(ARGV[4]) end
  while has_room() do
    local id = redis.call('LPOP', queue_key(queue) .. ':due')
    if not id then break end
    deliver(id)
  end
  while has_room() do
    local id = next_new(queue)
    if not id then break end
    deliver(id)
  end
  if #found > 0 then
    redis.call('HINCRBY', queue_key(queue), 'leased', #found)
    -- An inbox has one consumer.
    if not has_broadcasts then note_consumer(queue, consumer) end
    append_life('sent', queue, 'agent:' .. consumer, items, traceparent)
  end
  return found
end

local answers = {}
for first = 6, #ARGV, 7 do
  answers[#answers + 1] = serve(ARGV[first], ARGV[first + 1], tonumber(ARGV[first + 2]), ARGV[first + 3],
    ARGV[first + 4], ARGV[first + 5] == '1', ARGV[first + 6])
end
return answers
