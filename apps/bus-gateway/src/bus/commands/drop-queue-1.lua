-- Ends messages that wait in the queue of a group that was removed. The sweeper does the same, should it come to no end.
-- KEYS[1] events of the partition (names the slot)   ARGV[1…3] as in include-partition.lua
-- ARGV[4] queue   ARGV[5] milliseconds for which an ended message is remembered   ARGV[6] most messages in one call
-- ARGV[7] actor   ARGV[8] traceparent or ''
-- Returns the number of messages that were ended; less than ARGV[6] when there are no more.
-- include include-partition.lua
-- include include-queue.lua
begin_removing()
if redis.call('SISMEMBER', base .. 'removed', ARGV[4]) == 0 then return 0 end
local items = drop_waiting(ARGV[4], tonumber(ARGV[6]), ARGV[5])
append_life('purged', ARGV[4], ARGV[7], items, ARGV[8])
return #items
