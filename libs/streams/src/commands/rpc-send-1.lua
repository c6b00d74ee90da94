-- Puts a sealed frame on the stream of a receiver; a full stream refuses, an abandoned one vanishes.
-- KEYS[1] stream
-- ARGV[1] largest length   ARGV[2] milliseconds after which a stream without traffic is dropped
-- ARGV[3…] fields and values of the frame
-- Returns the id of the entry.
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1]) then
  return redis.error_reply('CONCORDAT OVERLOADED The receiver does not read its frames.')
end
local id = redis.call('XADD', KEYS[1], '*', unpack(ARGV, 3))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return id
