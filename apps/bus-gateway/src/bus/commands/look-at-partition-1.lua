-- How a partition is, and some of its queues; queues that are empty are forgotten on the way.
-- KEYS[1] events of the partition (names the slot)   ARGV[1…3] as in include-partition.lua
-- ARGV[4] cursor, '0' at first   ARGV[5] about how many queues
-- Returns {events in the feed, leased, delayed, dead letters, cursor of the next part or '0', for each queue
-- {name, messages, dead letters, ids at the heads of its lists}}. A queue can come twice.
-- include include-partition.lua
-- include include-queue.lua
local index = base .. 'queues'
local scanned = redis.call('SSCAN', index, ARGV[4], 'COUNT', ARGV[5])
local queues = {}
for _, queue in ipairs(scanned[2]) do
  local kept = redis.call('HMGET', queue_key(queue), 'count', 'dead')
  local count, dead = tonumber(kept[1] or '0'), tonumber(kept[2] or '0')
  if count <= 0 and dead <= 0 then
    redis.call('SREM', index, queue)
  else
    queues[#queues + 1] = { queue, count, dead, heads_of(queue) }
  end
end
return { redis.call('XLEN', KEYS[1]), redis.call('ZCARD', leases), redis.call('ZCARD', delays),
  redis.call('ZCARD', base .. 'burials'), scanned[1], queues }
