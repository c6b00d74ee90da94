-- Publishes a message into the inbox of its recipient: once per idempotency key, with its audit event, all or nothing.
-- KEYS[1] lane (stream)          KEYS[2] state of the message (hash)   KEYS[3] idempotency record
-- KEYS[4] clock                  KEYS[5] events of the partition       KEYS[6] head of the events
-- KEYS[7] expiries (zset)        KEYS[8] doorbell (stream)             KEYS[9] number of messages in the inbox
-- KEYS[10] due list of the inbox (not touched here; in the same slot)
-- ARGV[1] message id             ARGV[2] digest of the request
-- ARGV[3] idempotency window in milliseconds, or '' for a command that cannot come again
-- ARGV[4] largest number of messages in an inbox                       ARGV[5] largest length of the events
-- ARGV[6] source of the events   ARGV[7] epoch for events that are new ARGV[8] time, RFC 3339
-- ARGV[9] tenant   ARGV[10] sender   ARGV[11] recipient   ARGV[12] priority   ARGV[13] message type
-- ARGV[14] correlation or ''     ARGV[15] reply-to or ''               ARGV[16] time to live in milliseconds or ''
-- ARGV[17] traceparent or ''     ARGV[18] payload (JSON)               ARGV[19] data of the audit event (JSON)
-- ARGV[20] name of the inbox for the doorbell   ARGV[21] actor
-- Returns {message id, position of the audit event}; for a repetition those of the first time.
-- Refuses with IDEMPOTENCY_KEY_REUSED, INBOX_FULL, OVERLOADED.
-- include include-clock.lua
-- include include-feed.lua
local before = ARGV[3] ~= '' and redis.call('GET', KEYS[3])
if before then
  local id, at, digest = string.match(before, '^(%S+) (%S+) (%S+)$')
  if digest ~= ARGV[2] then return redis.error_reply('CONCORDAT IDEMPOTENCY_KEY_REUSED') end
  return { id, at }
end
if tonumber(redis.call('GET', KEYS[9]) or '0') >= tonumber(ARGV[4]) then
  return redis.error_reply('CONCORDAT INBOX_FULL')
end
if redis.call('XLEN', KEYS[5]) >= tonumber(ARGV[5]) then
  return redis.error_reply('CONCORDAT OVERLOADED The audit feed of the partition is full; audit-service is behind.')
end

if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('XGROUP', 'CREATE', KEYS[1], 'agent_wavefront', '0', 'MKSTREAM') end
local entry = redis.call('XADD', KEYS[1], '*',
  'id', ARGV[1], 'sender', ARGV[10], 'target', ARGV[11], 'type', ARGV[13], 'time', ARGV[8], 'data', ARGV[18])
local expires = ''
if ARGV[16] ~= '' then
  expires = string.format('%.0f', partition_clock(KEYS[4]) + tonumber(ARGV[16]))
  redis.call('ZADD', KEYS[7], expires, KEYS[2])
end
redis.call('HSET', KEYS[2], 'id', ARGV[1], 'tenant', ARGV[9], 'from', ARGV[10], 'to', ARGV[11], 'priority', ARGV[12],
  'type', ARGV[13], 'correlation', ARGV[14], 'replyTo', ARGV[15], 'ttlMs', ARGV[16], 'traceparent', ARGV[17],
  'time', ARGV[8], 'status', 'PENDING', 'attempt', '0', 'lane', KEYS[1], 'entry', entry,
  'count', KEYS[9], 'due', KEYS[10], 'inbox', ARGV[20])
redis.call('INCR', KEYS[9])
local feed = { events = KEYS[5], head = KEYS[6], source = ARGV[6], epoch = ARGV[7] }
local at = append_to_feed(feed, {
  type = 'concordat.bus.message.accepted.v1', message = ARGV[1], subject = ARGV[10], time = ARGV[8], tenant = ARGV[9],
  actor = ARGV[21], correlation = ARGV[14], traceparent = ARGV[17], data = ARGV[19],
})
if ARGV[3] ~= '' then redis.call('SET', KEYS[3], ARGV[1] .. ' ' .. at .. ' ' .. ARGV[2], 'PX', ARGV[3]) end
redis.call('XADD', KEYS[8], 'MAXLEN', '~', 1000, '*', 'inbox', ARGV[20])
return { ARGV[1], at }
