-- Settles deliveries. A token is good until its lease is ended (reap-partition) or a later delivery has replaced it;
-- settling twice with the same token is one settlement.
-- KEYS[1] leases (zset)   KEYS[2] expiries (zset)   KEYS[3] events of the partition   KEYS[4] head of the events
-- KEYS[5] clock           KEYS[6] number of messages in the inbox (both only name the slot)
-- ARGV[1] prefix of the state keys (same slot)   ARGV[2] recipient   ARGV[3] milliseconds to keep the state
-- ARGV[4] source of the events   ARGV[5] epoch for events that are new   ARGV[6] time, RFC 3339
-- ARGV[7…] message id and token secret in turn
-- Returns for each pair 1 (settled) or 0 (stale), and at the end the position of the last audit event or ''.
-- include include-feed.lua
-- include include-message.lua
local feed = { events = KEYS[3], head = KEYS[4], source = ARGV[4], epoch = ARGV[5] }
local result = {}
local at = ''
for index = 7, #ARGV, 2 do
  local key = ARGV[1] .. ARGV[index]
  local message = read_message(key)
  local settled = 0
  if message and message.to == ARGV[2] and message.token == ARGV[index + 1] then
    if message.status == 'SENT' then
      end_message(key, message, 'DELIVERED', KEYS[1], KEYS[2], ARGV[3])
      redis.call('HSET', key, 'deliveredAt', ARGV[6], 'token', message.token)
      at = append_to_feed(feed, life_event('delivered', key, message, ARGV[6], 'agent:' .. ARGV[2], { attempt = tonumber(message.attempt) }))
      settled = 1
    elseif message.status == 'DELIVERED' then
      settled = 1
    end
  end
  result[#result + 1] = settled
end
result[#result + 1] = at
return result
