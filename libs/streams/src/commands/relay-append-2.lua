-- Appends a batch to an event stream when the head is still the expected one; otherwise changes nothing.
-- KEYS[1] stream of events   KEYS[2] head hash
-- ARGV[1] expected head, <epoch>-<position> (0-0: empty)
-- ARGV[2] largest length of the stream: a full stream refuses
-- ARGV[3] chain hash after the last entry
-- ARGV[4] number of entries, then for each: id, number of fields and values, the fields and values
-- Returns {head, hash} after the call, or {} when the stream is empty.
local head = redis.call('HMGET', KEYS[2], 'at', 'hash')
if (head[1] or '0-0') == ARGV[1] then
  local count = tonumber(ARGV[4])
  if redis.call('XLEN', KEYS[1]) + count > tonumber(ARGV[2]) then
    return redis.error_reply('CONCORDAT OVERLOADED The event stream ' .. KEYS[1] .. ' is full; its readers are behind.')
  end
  local at = 5
  local id
  for _ = 1, count do
    id = ARGV[at]
    local size = tonumber(ARGV[at + 1])
    redis.call('XADD', KEYS[1], id, unpack(ARGV, at + 2, at + 1 + size))
    at = at + 2 + size
  end
  redis.call('HSET', KEYS[2], 'at', id, 'hash', ARGV[3])
  return { id, ARGV[3] }
end
if head[1] then return { head[1], head[2] } end
return {}
