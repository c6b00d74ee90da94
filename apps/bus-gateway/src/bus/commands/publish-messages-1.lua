-- Publishes messages into one partition: each once per idempotency key, with its audit event, all of it or nothing.
-- KEYS[1] events of the partition (names the slot)   ARGV[1…3] as in include-partition.lua
-- ARGV[4] most messages in a queue, dead letters included   ARGV[5] largest length of the feed
-- ARGV[6] milliseconds for which an ended message is remembered   ARGV[7] idempotency window, milliseconds
-- ARGV[8] largest number of broadcasts that a tenant can have in a partition
-- ARGV[9…] for each message 16 values:
--   id, digest of the request, tenant, name of the command ('' when it cannot come again),
--   kind (inbox, topic, broadcast), target (DID, name of the topic, ''), sender, actor, lane, ordering key or '',
--   delay in milliseconds or '', time to live in milliseconds or '', head (JSON object), payload (JSON
--   text), correlation or '', traceparent or ''
-- Returns for each {'ok', id, position of the audit event or ''}, for a repetition those of the first time, or
-- {'no', code, detail}: INBOX_FULL, TOPIC_UNKNOWN, IDEMPOTENCY_KEY_REUSED, OVERLOADED.
-- include include-partition.lua
-- include include-queue.lua
local width = 16
local room = tonumber(ARGV[4])

local function is_full(queue)
  local kept = redis.call('HMGET', queue_key(queue), 'count', 'dead')
  return tonumber(kept[1] or '0') + tonumber(kept[2] or '0') >= room
end

-- The queues that a message goes to, or nil and the reason.
local function queues_of(kind, tenant, target)
  if kind == 'inbox' then
    local queue = tenant .. ':i:' .. target
    if is_full(queue) then return nil, 'INBOX_FULL', '' end
    return { queue }
  end
  if redis.call('HEXISTS', base .. 'topics:' .. tenant, target) == 0 then return nil, 'TOPIC_UNKNOWN', '' end
  local queues = {}
  for _, group in ipairs(redis.call('HKEYS', base .. 'groups:' .. tenant .. ':' .. target)) do
    local queue = tenant .. ':t:' .. target .. ':' .. group
    if is_full(queue) then
      return nil, 'INBOX_FULL', 'The group ' .. group .. ' of the topic holds ' .. ARGV[4]
        .. ' messages in the partition of this one, leased ones and dead letters included: as many as it may.'
    end
    queues[#queues + 1] = queue
  end
  return queues
end

local function accept(m)
  local data = string.sub(m.head, 1, -2) .. ',"payload":' .. m.payload .. '}'
  return append_event({
    type = 'concordat.bus.message.accepted.v2', stream = 'message/' .. m.id, subject = m.from, tenant = m.tenant,
    actor = m.actor, correlation = m.correlation, traceparent = m.traceparent, data = data,
  })
end

local function publish_to_queues(m)
  local queues, code, detail = queues_of(m.kind, m.tenant, m.target)
  if not queues then return nil, { 'no', code, detail } end
  local expires = m.ttl == '' and '' or after(m.ttl)
  local due = m.delay == '' and '' or after(m.delay)
  local key = message_key(m.tenant, m.id)
  redis.call('HSET', key, 'h', m.head, 'p', m.payload, 'tm', time, 'tp', m.traceparent, 'open', #queues)
  if #queues == 0 then redis.call('PEXPIRE', key, ARGV[6]) end
  for _, queue in ipairs(queues) do
    enqueue(queue, m.id, { from = m.from, lane = m.lane, key = m.key, due = due, expires = expires })
  end
  return accept(m)
end

-- A broadcast lies in a log of its tenant in every partition; an inbox takes it from there when it is fetched.
local function publish_to_everyone(m)
  local log = base .. 'broadcasts:' .. m.tenant
  if redis.call('XLEN', log) >= tonumber(ARGV[8]) then
    return nil, { 'no', 'OVERLOADED', 'The tenant has as many broadcasts under way as it may.' }
  end
  local key = message_key(m.tenant, m.id)
  if redis.call('EXISTS', key) == 1 then return '' end
  redis.call('HSET', key, 'h', m.head, 'p', m.payload, 'tm', time, 'tp', m.traceparent, 'broadcast', after(m.ttl))
  redis.call('PEXPIRE', key, string.format('%.0f', tonumber(m.ttl) + tonumber(ARGV[6])))
  redis.call('XADD', log, '*', 'id', m.id, 'from', m.from, 'lane', m.lane, 'key', m.key, 'expires', after(m.ttl))
  redis.call('SADD', base .. 'broadcasters', m.tenant)
  ring(m.tenant .. ':*')
  return tells_of(m.id) and accept(m) or ''
end

local function publish(m)
  local record = base .. 'idempotency:' .. m.tenant .. ':' .. m.command
  local before = m.command ~= '' and redis.call('GET', record)
  if before then
    local id, at, digest = string.match(before, '^(%S+) (%S*) (%S+)$')
    if digest ~= m.digest then return { 'no', 'IDEMPOTENCY_KEY_REUSED', '' } end
    return { 'ok', id, at }
  end
  if feed_is_full(ARGV[5]) then
    return { 'no', 'OVERLOADED', 'The audit feed of the partition is full; audit-service is behind.' }
  end
  local at, refusal
  if m.kind == 'broadcast' then at, refusal = publish_to_everyone(m) else at, refusal = publish_to_queues(m) end
  if refusal then return refusal end
  if m.command ~= '' then redis.call('SET', record, m.id .. ' ' .. at .. ' ' .. m.digest, 'PX', ARGV[7]) end
  return { 'ok', m.id, at }
end

local answers = {}
for first = 9, #ARGV, width do
  answers[#answers + 1] = publish({
    id = ARGV[first], digest = ARGV[first + 1], tenant = ARGV[first + 2], command = ARGV[first + 3],
    kind = ARGV[first + 4], target = ARGV[first + 5], from = ARGV[first + 6], actor = ARGV[first + 7],
    lane = ARGV[first + 8], key = ARGV[first + 9], delay = ARGV[first + 10], ttl = ARGV[first + 11],
    head = ARGV[first + 12], payload = ARGV[first + 13], correlation = ARGV[first + 14], traceparent = ARGV[first + 15],
  })
end
return answers
