-- Appends events of one instance to a feed that several instances share; each event once, whatever is sent again.
-- KEYS[1] stream of events   KEYS[2] head hash
-- ARGV[1] source             ARGV[2] epoch for a feed that is new, milliseconds since 1970
-- ARGV[3] largest length of the stream: a full stream refuses
-- ARGV[4] instance           ARGV[5] start of the instance, milliseconds since 1970
-- ARGV[6] counter of the first event (1, 2, … since the start of the instance)
-- ARGV[7] number of events, then for each: number of fields and values, the fields and values
--         (without ce_id and prev, which are made here)
-- Returns the head after the call, <epoch>-<position>.
local head = redis.call('HMGET', KEYS[2], 'epoch', 'position', 'fed:' .. ARGV[4])
local epoch = head[1] or ARGV[2]
local position = tonumber(head[2] or '0')
local prev_epoch = head[1] or '0'
local seen = 0
if head[3] then
  local start, counter = string.match(head[3], '^(%d+):(%d+)$')
  if tonumber(start) > tonumber(ARGV[5]) then
    return redis.error_reply('CONCORDAT VERSION_CONFLICT A later process feeds as ' .. ARGV[4] .. '.')
  end
  if start == ARGV[5] then seen = tonumber(counter) end
end
local first = tonumber(ARGV[6])
local count = tonumber(ARGV[7])
if redis.call('XLEN', KEYS[1]) + count > tonumber(ARGV[3]) then
  return redis.error_reply('CONCORDAT OVERLOADED The feed ' .. ARGV[1] .. ' is full; its readers are behind.')
end
local at = 8
for index = 0, count - 1 do
  local size = tonumber(ARGV[at])
  if first + index > seen then
    local prev = prev_epoch .. '-' .. string.format('%.0f', position)
    position = position + 1
    prev_epoch = epoch
    local text = string.format('%.0f', position)
    redis.call('XADD', KEYS[1], epoch .. '-' .. text, 'ce_id', ARGV[1] .. ':' .. epoch .. ':' .. text, 'prev', prev,
      unpack(ARGV, at + 1, at + size))
  end
  at = at + 1 + size
end
local last = math.max(seen, first + count - 1)
redis.call('HSET', KEYS[2], 'epoch', epoch, 'position', string.format('%.0f', position),
  'at', epoch .. '-' .. string.format('%.0f', position), 'fed:' .. ARGV[4], ARGV[5] .. ':' .. string.format('%.0f', last))
return epoch .. '-' .. string.format('%.0f', position)
