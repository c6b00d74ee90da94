-- Ends what has come to its end in a partition: leases (the message is due again, or failed after its last attempt) and
-- times to live. Safe to run from several gateways at once.
-- KEYS[1] leases (zset of state keys)   KEYS[2] expiries (zset of state keys)   KEYS[3] clock
-- KEYS[4] events of the partition       KEYS[5] head of the events              KEYS[6] doorbell (stream)
-- ARGV[1] most messages in one call     ARGV[2] deliveries before a message counts as failed
-- ARGV[3] milliseconds to keep the state of an ended message
-- ARGV[4] source of the events          ARGV[5] epoch for events that are new   ARGV[6] time, RFC 3339
-- Returns {number of ended leases, of expired, of failed messages, milliseconds until the next end or -1}.
-- include include-clock.lua
-- include include-feed.lua
-- include include-message.lua
if redis.call('EXISTS', KEYS[1], KEYS[2]) == 0 then return { 0, 0, 0, -1 } end
begin_removing(KEYS[3])
local now = partition_clock(KEYS[3])
local feed = { events = KEYS[4], head = KEYS[5], source = ARGV[4], epoch = ARGV[5] }
local limit = tonumber(ARGV[1])
local ended, expired, failed = 0, 0, 0

local function finish(key, message, status, event, extra)
  end_message(key, message, status, KEYS[1], KEYS[2], ARGV[3])
  redis.call('LREM', message.due, 1, message.id)
  append_to_feed(feed, life_event(event, key, message, ARGV[6], 'service:bus', extra))
end

for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, limit)) do
  local message = read_message(key)
  if message and (message.status == 'PENDING' or message.status == 'SENT') then
    finish(key, message, 'EXPIRED', 'expired', { attempt = tonumber(message.attempt), expiredAt = ARGV[6] })
    expired = expired + 1
  else
    redis.call('ZREM', KEYS[2], key)
  end
end

for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, limit)) do
  local message = read_message(key)
  redis.call('ZREM', KEYS[1], key)
  if message and message.status == 'SENT' then
    if tonumber(message.attempt) >= tonumber(ARGV[2]) then
      finish(key, message, 'FAILED', 'failed', { attempt = tonumber(message.attempt), error = 'no acknowledgement after the last delivery' })
      failed = failed + 1
    else
      redis.call('HSET', key, 'status', 'PENDING')
      redis.call('HDEL', key, 'token')
      redis.call('RPUSH', message.due, message.id)
      redis.call('XADD', KEYS[6], 'MAXLEN', '~', 1000, '*', 'inbox', message.inbox)
      ended = ended + 1
    end
  end
end

local soonest = -1
for _, set in ipairs({ KEYS[1], KEYS[2] }) do
  local first = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
  if first[2] then
    local wait = math.max(0, tonumber(first[2]) - now)
    if soonest < 0 or wait < soonest then soonest = wait end
  end
end
return { ended, expired, failed, soonest }
