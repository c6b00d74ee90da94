-- Dead letters of a tenant in a partition, the latest first.
-- KEYS[1] events of the partition (names the slot)   ARGV[1…3] as in include-partition.lua
-- ARGV[4] tenant   ARGV[5] most of them   ARGV[6] clock of the last one before, or '+inf'   ARGV[7] its member, or ''
-- ARGV[8] '1' with payloads
-- Returns for each {queue, id, clock, head, attempts, error, time of the failure, history, time, payload or ''}.
-- include include-partition.lua
-- include include-queue.lua
local found, offset, wanted, step = {}, 0, tonumber(ARGV[5]), 200
local key = base .. 'dead:' .. ARGV[4]
while #found < wanted do
  local page = redis.call('ZREVRANGEBYSCORE', key, ARGV[6], '-inf', 'WITHSCORES', 'LIMIT', offset, step)
  for index = 1, #page, 2 do
    local member, score = page[index], page[index + 1]
    local is_past = ARGV[7] ~= '' and score == ARGV[6] and member >= ARGV[7]
    if #found < wanted and not is_past then
      local queue, id = split(member)
      local message = redis.call('HMGET', message_key(ARGV[4], id), 'h', 'tm', 'p')
      local kept = redis.call('HMGET', delivery_key(queue, id), 'a', 'e', 'ft', 'x')
      if message[1] and kept[1] then
        found[#found + 1] = { queue, id, score, message[1], kept[1], kept[2] or '', kept[3] or '', kept[4] or '', message[2],
          ARGV[8] == '1' and message[3] or '' }
      end
    end
  end
  if #page < step * 2 then break end
  offset = offset + step
end
return found
