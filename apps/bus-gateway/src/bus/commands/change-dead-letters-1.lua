-- Replays dead letters, which then wait in their queue again as if they were new, or purges them.
-- KEYS[1] events of the partition (names the slot)   ARGV[1…3] as in include-partition.lua
-- ARGV[4] milliseconds for which an ended message is remembered   ARGV[5] actor   ARGV[6] replay or purge
-- ARGV[7] traceparent or ''   ARGV[8…] queue and message id in turn
-- Returns for each 1, or 0 when it is no dead letter (any more), and at the end the position of the last audit event or ''.
-- include include-partition.lua
-- include include-queue.lua
begin_removing()
local answers, told, order = {}, {}, {}

local function change(queue, id)
  local delivery = read_delivery(queue, id)
  if not delivery or delivery.s ~= 'F' then return 0 end
  local is_removed = redis.call('HEXISTS', queue_key(queue), 'removed') == 1
  if ARGV[6] == 'replay' and is_removed then return 0 end
  local member = member_of(queue, id)
  redis.call('ZREM', base .. 'burials', member)
  redis.call('ZREM', base .. 'dead:' .. tenant_of(queue), member)
  redis.call('HINCRBY', queue_key(queue), 'dead', -1)
  if ARGV[6] == 'replay' then
    remember(queue, id, delivery, 'replay', nil)
    redis.call('HDEL', delivery_key(queue, id), 'e', 'ft')
    delivery.r = redis.call('HINCRBY', delivery_key(queue, id), 'r', 1)
    redis.call('HINCRBY', message_key(tenant_of(queue), id), 'failed', -1)
    enqueue(queue, id, { from = delivery.f, lane = delivery.l, key = delivery.k, due = '', expires = '' })
  else
    purge_dead(queue, id, ARGV[4])
  end
  if not told[queue] then
    told[queue] = {}
    order[#order + 1] = queue
  end
  local items = told[queue]
  items[#items + 1] = item_of(id, delivery)
  return 1
end

for index = 8, #ARGV, 2 do answers[#answers + 1] = change(ARGV[index], ARGV[index + 1]) end
local at = ''
for _, queue in ipairs(order) do
  at = append_life(ARGV[6] == 'replay' and 'replayed' or 'purged', queue, ARGV[5], told[queue], ARGV[7])
end
answers[#answers + 1] = at
return answers
