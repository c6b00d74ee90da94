-- What is known of a message.
-- KEYS[1] events of the partition (names the slot)   ARGV[1…3] as in include-partition.lua
-- ARGV[4] tenant   ARGV[5] id
-- Returns {head, open, delivered, failed, expired, purged, deliveredAt, status of the delivery (of a broadcast X when its time
-- is over), attempts, history, time}; nil when it is not known (any more).
-- include include-partition.lua
-- include include-queue.lua
local message = redis.call('HMGET', message_key(ARGV[4], ARGV[5]), 'h', 'open', 'delivered', 'failed', 'expired', 'purged', 'at', 'tm', 'over')
if not message[1] then return nil end
local answer = { message[1] }
for index = 2, 6 do answer[index] = message[index] or '0' end
answer[7] = message[7] or ''
local to = cjson.decode(message[1]).to
-- Of a message of several recipients there is not one delivery.
local delivery = string.sub(to, 1, 4) == 'did:' and read_delivery(ARGV[4] .. ':i:' .. to, ARGV[5])
if delivery then
  answer[8], answer[9], answer[10] = delivery.s, string.format('%.0f', delivery.a), delivery.x
else
  answer[8], answer[9], answer[10] = message[9] and 'X' or '', '0', ''
end
answer[11] = message[8]
return answer
