-- State of a message as a table; nil when there is none.
local function read_message(key)
  local flat = redis.call('HGETALL', key)
  if #flat == 0 then return nil end
  local message = {}
  for index = 1, #flat, 2 do message[flat[index]] = flat[index + 1] end
  return message
end

-- For scripts that take messages out: a Redis whose memory is full lets a script finish once it has written something
-- that needs none, and PERSIST, which changes nothing here, is such a write. What is taken out makes room.
local function begin_removing(clock)
  redis.call('PERSIST', clock)
end

-- Ends a message: out of its lane, its lease and its expiry, off the count of its inbox. Its state shrinks to what is
-- asked for afterwards (message.get), and is forgotten after `keep` milliseconds.
local function end_message(key, message, status, leases, expiries, keep)
  redis.call('XACK', message.lane, 'agent_wavefront', message.entry)
  redis.call('XDEL', message.lane, message.entry)
  redis.call('ZREM', leases, key)
  redis.call('ZREM', expiries, key)
  redis.call('DECR', message.count)
  redis.call('DEL', key)
  redis.call('HSET', key, 'status', status, 'from', message.from, 'to', message.to, 'type', message.type,
    'priority', message.priority, 'correlation', message.correlation, 'time', message.time, 'attempt', message.attempt)
  redis.call('PEXPIRE', key, keep)
end

-- An event in the life of a message, for append_to_feed.
local function life_event(type, key, message, time, actor, extra)
  local data = { messageId = message.id, to = message.to, from = message.from }
  for name, value in pairs(extra) do data[name] = value end
  return {
    type = 'concordat.bus.message.' .. type .. '.v1', message = message.id, subject = message.from, time = time,
    tenant = message.tenant, actor = actor, correlation = message.correlation or '',
    traceparent = message.traceparent or '', data = cjson.encode(data),
  }
end
