-- Appends an entry to the outbound stream of a bridge, once however often it is tried.
-- KEYS[1] the stream   KEYS[2] marks the entry as delivered
-- ARGV[1] group of the stream   ARGV[2] most entries in it   ARGV[3] how long the mark is kept, ms
-- ARGV[4…] fields and values of the entry
-- Returns 'sent', also when it was sent before; 'full' or 'gone' when nothing has changed.
-- include include-room.lua
if redis.call('EXISTS', KEYS[1]) == 0 then return 'gone' end
if redis.call('EXISTS', KEYS[2]) == 1 then return 'sent' end
if make_room(KEYS[1], ARGV[1], tonumber(ARGV[2])) <= 0 then return 'full' end
redis.call('XADD', KEYS[1], 'NOMKSTREAM', '*', unpack(ARGV, 4))
redis.call('SET', KEYS[2], '', 'PX', ARGV[3])
return 'sent'
