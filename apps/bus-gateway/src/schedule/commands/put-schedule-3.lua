-- Keeps a new schedule of a tenant, or asks whether there is room for it.
-- KEYS[1] records by id (hash)   KEYS[2] messages by id (hash)
-- KEYS[3] totals (hash): bytes of all messages, and how many schedules each owner has
-- ARGV[1] id   ARGV[2] record   ARGV[3] message (JSON)   ARGV[4] owner   ARGV[5] '1': only ask
-- ARGV[6] largest number of schedules of an owner   ARGV[7] of the tenant   ARGV[8] of bytes of messages
-- Returns the record that is kept now: of a schedule that was there, the first one; nothing when it only asked.
-- Refuses with SCHEDULES_FULL.
local kept = redis.call('HGET', KEYS[1], ARGV[1])
if kept then return kept end
local owned = tonumber(redis.call('HGET', KEYS[3], ARGV[4]) or '0')
local bytes = tonumber(redis.call('HGET', KEYS[3], 'bytes') or '0')
local full = (owned >= tonumber(ARGV[6]) and 'The owner has as many schedules')
  or (redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[7]) and 'The tenant has as many schedules')
  or (bytes + #ARGV[3] > tonumber(ARGV[8]) and 'The messages of the schedules of the tenant have as many bytes')
if full then return redis.error_reply('CONCORDAT SCHEDULES_FULL ' .. full .. ' as may be.') end
if ARGV[5] == '1' then return false end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
redis.call('HINCRBY', KEYS[3], ARGV[4], 1)
redis.call('HINCRBY', KEYS[3], 'bytes', #ARGV[3])
return ARGV[2]
