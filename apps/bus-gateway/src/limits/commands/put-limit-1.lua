-- Sets or deletes the limit of one subject, and gives the settings of the tenant a new revision, so that gateways see
-- that they have changed. (A number that counts up would repeat itself after a loss of data.)
-- KEYS[1] settings of the tenant: a hash of JSON by `<kind> <id>`, and `revision`
-- ARGV[1] `<kind> <id>`   ARGV[2] JSON, or '' to delete   ARGV[3] revision, never used before   ARGV[4] most subjects
-- Returns 1, or 0 when there was nothing to delete. Refuses with LIMIT_SETTINGS_FULL; nothing has changed then.
if ARGV[2] == '' then
  if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
else
  if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 and redis.call('HLEN', KEYS[1]) > tonumber(ARGV[4]) then
    return redis.error_reply('CONCORDAT LIMIT_SETTINGS_FULL')
  end
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
redis.call('HSET', KEYS[1], 'revision', ARGV[3])
return 1
