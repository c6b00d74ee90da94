-- Trims a stream below what every registered reader has stored, and never into its newest positions.
-- KEYS[1] stream of events   KEYS[2] cursors hash (reader -> <epoch>-<position>)
-- ARGV[1] number of newest positions to keep   ARGV[2] most entries to remove in one call
-- Returns the number of removed entries. Without a registered reader nothing is removed. The entry at the lowest
-- cursor stays, so that its reader finds where it was.
local function parse(id)
  local epoch, position = string.match(id, '^(%d+)-(%d+)$')
  return { tonumber(epoch), tonumber(position) }
end
local function lower(a, b)
  if a[1] < b[1] or (a[1] == b[1] and a[2] < b[2]) then return a end
  return b
end
local target
for _, cursor in ipairs(redis.call('HVALS', KEYS[2])) do
  target = target and lower(target, parse(cursor)) or parse(cursor)
end
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if not target or not oldest then return 0 end
local first, last = parse(oldest[1]), parse(newest[1])
target = lower(target, { last[1], math.max(0, last[2] - tonumber(ARGV[1])) })
target = lower(target, { first[1], first[2] + tonumber(ARGV[2]) })
return redis.call('XTRIM', KEYS[1], 'MINID', string.format('%.0f-%.0f', target[1], target[2]))
