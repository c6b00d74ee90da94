-- Changes the topics of a tenant and their groups in one partition; every partition knows all of them, and the one that
-- belongs to the topic tells the audit feed.
-- KEYS[1] events of the partition (names the slot)   ARGV[1…3] as in include-partition.lua
-- ARGV[4] tenant   ARGV[5] put-topic, delete-topic, put-group or delete-group   ARGV[6] topic   ARGV[7] group or ''
-- ARGV[8] description of the topic, or ''   ARGV[9] actor   ARGV[10] '1' where the feed is told
-- ARGV[11] most topics of a tenant   ARGV[12] most groups of a topic
-- ARGV[13] traceparent or ''
-- Returns {what happened (created, changed, same, deleted, unknown, full), position of the audit event or '',
-- settings as they are now (JSON: createdAt, description) or ''}.
-- include include-partition.lua
-- include include-queue.lua
local tenant, verb, topic, group = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local topics, groups = base .. 'topics:' .. tenant, base .. 'groups:' .. tenant .. ':' .. topic

local function tell(noun, past, data)
  if ARGV[10] ~= '1' then return '' end
  return append_event({
    type = 'concordat.bus.' .. noun .. '.' .. past .. '.v1', stream = 'topic/' .. topic, subject = 'topic:' .. topic,
    tenant = tenant, actor = ARGV[9], traceparent = ARGV[13], data = cjson.encode(data),
  })
end

-- What is there already stays; of a topic the description is taken anew.
local function put(key, field, most, noun, data)
  local before = redis.call('HGET', key, field)
  if not before and redis.call('HLEN', key) >= tonumber(most) then return { 'full', '', '' } end
  local kept = before and cjson.decode(before) or { createdAt = time, description = ARGV[8] }
  if before and kept.description == ARGV[8] then return { 'same', '', before } end
  kept.description = ARGV[8]
  local settings = cjson.encode(kept)
  redis.call('HSET', key, field, settings)
  local past = before and 'changed' or 'created'
  return { past, tell(noun, past, data), settings }
end

local function queue_of(name) return tenant .. ':t:' .. topic .. ':' .. name end
local function remove_group(name)
  redis.call('HDEL', groups, name)
  redis.call('HSET', queue_key(queue_of(name)), 'removed', 1)
  redis.call('SADD', base .. 'removed', queue_of(name))
end

if verb == 'put-topic' then return put(topics, topic, ARGV[11], 'topic', { topic = topic }) end
if redis.call('HEXISTS', topics, topic) == 0 then return { 'unknown', '', '' } end
if verb == 'put-group' then
  redis.call('HDEL', queue_key(queue_of(group)), 'removed')
  redis.call('SREM', base .. 'removed', queue_of(group))
  return put(groups, group, ARGV[12], 'subscription', { topic = topic, group = group })
end
begin_removing()
if verb == 'delete-group' then
  if redis.call('HEXISTS', groups, group) == 0 then return { 'unknown', '', '' } end
  remove_group(group)
  return { 'deleted', tell('subscription', 'deleted', { topic = topic, group = group }), '' }
end
for _, name in ipairs(redis.call('HKEYS', groups)) do remove_group(name) end
redis.call('HDEL', topics, topic)
return { 'deleted', tell('topic', 'deleted', { topic = topic }), '' }
