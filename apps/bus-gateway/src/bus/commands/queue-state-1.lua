-- How queues are, for whoever watches them. Writes nothing.
-- KEYS[1] events of the partition (names the slot)   ARGV[1…3] as in include-partition.lua
-- ARGV[4] most consumers to name   ARGV[5…] queues
-- Returns for each {messages, leased, dead letters, delivered, failed, expired, ids at the heads of its lists, agents
-- that got messages within the last minute}.
-- include include-partition.lua
-- include include-queue.lua
-- As the last script that had something to do has left it; the sweeper has every second.
local clock = tonumber(redis.call('HGET', base .. 'clock', 'logical') or '0')
local answers = {}
for index = 5, #ARGV do
  local queue = ARGV[index]
  local kept = redis.call('HMGET', queue_key(queue), 'count', 'leased', 'dead', 'delivered', 'failed', 'expired')
  local answer = {}
  for field = 1, 6 do answer[field] = kept[field] or '0' end
  answer[7] = heads_of(queue)
  answer[8] = redis.call('ZREVRANGEBYSCORE', consumers_key(queue), '+inf',
    string.format('%.0f', clock - consumers_ms), 'LIMIT', 0, ARGV[4])
  answers[#answers + 1] = answer
end
return answers
