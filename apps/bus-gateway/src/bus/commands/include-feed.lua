-- Appends an event to the audit feed of a partition (same entry format as libs/contracts/src/envelope.ts).
-- feed: { events = stream, head = hash, source = 'bus.<p>', epoch = milliseconds for a feed that is new }
local function append_to_feed(feed, event)
  local head = redis.call('HMGET', feed.head, 'epoch', 'position')
  local epoch = head[1] or feed.epoch
  local before = (head[1] or '0') .. '-' .. (head[2] or '0')
  local position = string.format('%.0f', tonumber(head[2] or '0') + 1)
  local id = epoch .. '-' .. position
  local fields = {
    'ce_specversion', '1.0', 'ce_id', feed.source .. ':' .. epoch .. ':' .. position, 'ce_type', event.type,
    'ce_source', '/concordat/' .. feed.source, 'ce_subject', event.subject, 'ce_time', event.time,
    'tenant', event.tenant, 'actor', event.actor, 'stream', 'message/' .. event.message, 'version', '0',
    'prev', before, 'data', event.data,
  }
  if event.correlation ~= '' then
    fields[#fields + 1] = 'correlation'
    fields[#fields + 1] = event.correlation
  end
  if event.traceparent ~= '' then
    fields[#fields + 1] = 'traceparent'
    fields[#fields + 1] = event.traceparent
  end
  redis.call('XADD', feed.events, id, unpack(fields))
  redis.call('HSET', feed.head, 'epoch', epoch, 'position', position, 'at', id)
  return id
end
