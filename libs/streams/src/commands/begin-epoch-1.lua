-- Begins a new epoch of a source whose positions are given out by scripts (a feed, a partition of the bus), when its head
-- is behind what a reader has already seen: Redis has come back without its newest entries, and their positions would be
-- used again with other content.
-- KEYS[1] head hash
-- ARGV[1] position that was seen, <epoch>-<position>   ARGV[2] the new epoch, milliseconds since 1970
-- Returns 1 when an epoch began, 0 when the head is not behind.
local function parse(id)
  local epoch, position = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(epoch), tonumber(position)
end
local at = redis.call('HGET', KEYS[1], 'at')
if not at then return 0 end
local head_epoch, head_position = parse(at)
local seen_epoch, seen_position = parse(ARGV[1])
local is_behind = head_epoch < seen_epoch or (head_epoch == seen_epoch and head_position < seen_position)
if not is_behind then return 0 end
local epoch = math.max(tonumber(ARGV[2]), seen_epoch + 1)
redis.call('HSET', KEYS[1], 'epoch', string.format('%.0f', epoch))
return 1
