-- The clock of a partition, in milliseconds: goes as Redis' clock goes, but at most two seconds between two looks and
-- never backwards. A jump of the machine's clock then neither ends every lease at once nor revives an ended one.
local function partition_clock(key)
  local time = redis.call('TIME')
  local wall = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  local kept = redis.call('HMGET', key, 'wall', 'logical')
  local logical = wall
  if kept[1] then
    local passed = wall - tonumber(kept[1])
    logical = tonumber(kept[2]) + math.max(0, math.min(passed, 2000))
  end
  redis.call('HSET', key, 'wall', string.format('%.0f', wall), 'logical', string.format('%.0f', logical))
  return logical
end
