-- Takes a lease that nobody holds, or makes one's own last longer.
-- KEYS[1] lease   ARGV[1] holder   ARGV[2] milliseconds
-- Returns 1 when the holder has it, 0 when another one does.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
