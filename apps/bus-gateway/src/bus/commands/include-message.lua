-- State of a message as a table; nil when there is none.
local function read_message(key)
  local flat = redis.call('HGETALL', key)
  if #flat == 0 then return nil end
  local message = {}
  for index = 1, #flat, 2 do message[flat[index]] = flat[index + 1] end
  return message
end

-- Takes a message out of its lane, its lease and its expiry.
local function settle_message(key, message, leases, expiries)
  redis.call('XACK', message.lane, 'agent_wavefront', message.entry)
  redis.call('XDEL', message.lane, message.entry)
  redis.call('ZREM', leases, key)
  redis.call('ZREM', expiries, key)
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
