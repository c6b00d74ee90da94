-- Changes or removes a schedule, if it is as whoever asks has seen it.
-- KEYS[1] records by id (hash)   KEYS[2] messages by id (hash)
-- KEYS[3] totals (hash): bytes of all messages, and how many schedules each owner has
-- ARGV[1] id   ARGV[2] record as it was seen   ARGV[3] new record; '' removes it   ARGV[4] owner
-- Returns 1, or 0 when another one came first.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
if ARGV[3] ~= '' then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
  return 1
end
redis.call('HINCRBY', KEYS[3], 'bytes', -redis.call('HSTRLEN', KEYS[2], ARGV[1]))
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
if redis.call('HINCRBY', KEYS[3], ARGV[4], -1) <= 0 then redis.call('HDEL', KEYS[3], ARGV[4]) end
return 1
