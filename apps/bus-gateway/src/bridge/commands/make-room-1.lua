-- Takes what was acknowledged out of the outbound stream of a bridge.
-- KEYS[1] the stream   ARGV[1] its group   ARGV[2] most entries in it
-- Returns how many entries have room. Fails when there is no such stream or group.
-- include include-room.lua
return make_room(KEYS[1], ARGV[1], tonumber(ARGV[2]))
