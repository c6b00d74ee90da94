-- Keeps the next version of the schema of a payload type of a tenant, once and for good.
-- KEYS[1] latest version by type (hash)   KEYS[2] records by <type>/<version> (hash)
-- KEYS[3] bytes of all records            KEYS[4] names that are not in the audit feed yet (set)
-- ARGV[1] type   ARGV[2] version   ARGV[3] digest of what is registered   ARGV[4] record (JSON)
-- ARGV[5] largest number of types   ARGV[6] of versions of a type   ARGV[7] of bytes of all records
-- A record is kept as '<digest> <JSON>'. The version must follow the latest one, which the caller has compared it with.
-- Returns the record that is kept now: of a version that was there with the same digest, the first one.
-- Refuses with SCHEMA_VERSION_TAKEN, SCHEMA_LIMIT_REACHED, VERSION_CONFLICT.
local name = ARGV[1] .. '/' .. ARGV[2]
local kept = redis.call('HGET', KEYS[2], name)
if kept then
  if string.sub(kept, 1, #ARGV[3] + 1) == ARGV[3] .. ' ' then return kept end
  return redis.error_reply('CONCORDAT SCHEMA_VERSION_TAKEN')
end
local latest = redis.call('HGET', KEYS[1], ARGV[1])
if tonumber(ARGV[2]) ~= tonumber(latest or '0') + 1 then return redis.error_reply('CONCORDAT VERSION_CONFLICT') end
local limit = (not latest and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5]) and 'types')
  or (tonumber(ARGV[2]) > tonumber(ARGV[6]) and 'versions of this type')
  or (tonumber(redis.call('GET', KEYS[3]) or '0') + #ARGV[4] > tonumber(ARGV[7]) and 'bytes of schemas')
if limit then
  return redis.error_reply('CONCORDAT SCHEMA_LIMIT_REACHED The tenant has as many ' .. limit .. ' as it may have.')
end
local record = ARGV[3] .. ' ' .. ARGV[4]
redis.call('HSET', KEYS[2], name, record)
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('INCRBY', KEYS[3], #ARGV[4])
redis.call('SADD', KEYS[4], name)
return record
