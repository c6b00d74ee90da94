-- Takes out of an outbound stream what its group has acknowledged, up to the oldest entry that it has not.
-- Returns how many entries have room in it.
local function make_room(stream, group, most)
  local pending = redis.call('XPENDING', stream, group)
  local first = pending[2]
  if pending[1] == 0 then
    for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
      if info[2] == group then
        local ms, seq = string.match(info[8], '^(%d+)-(%d+)$')
        first = ms .. '-' .. string.format('%.0f', seq + 1)
      end
    end
  end
  if first then redis.call('XTRIM', stream, 'MINID', first) end
  return most - redis.call('XLEN', stream)
end
