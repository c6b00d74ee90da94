-- Takes tokens out of a bucket that all gateways share, and some more as a lease, to be spent without asking.
-- What is leased and has not ended counts against the capacity: level and leases together never exceed it, so that
-- within any time t all gateways together spend at most capacity + rate * t, whatever they keep in hand.
-- KEYS[1] bucket: a hash of `level`, `at` (milliseconds) and for each holder of a lease `<amount> <end>`
-- ARGV[1] now, milliseconds since 1970; '' for the clock of this Redis   ARGV[2] holder
-- ARGV[3] tokens needed, all or none   ARGV[4] most tokens beyond those   ARGV[5] tokens that the holder has left
-- ARGV[6] length of a lease, milliseconds   ARGV[7] tokens per second   ARGV[8] capacity
-- Returns whether the needed ones were taken (1 or 0), the tokens of the lease, and the milliseconds until the needed
-- ones may be there. A clock that goes back takes nothing and gives nothing; one that jumps ahead fills the bucket.
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
end
local holder, needed, more, left = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local lease_ms, rate, capacity = tonumber(ARGV[6]), tonumber(ARGV[7]) / 1000, tonumber(ARGV[8])
local level, at, leased, leases = capacity, now, 0, {}

local state = redis.call('HGETALL', KEYS[1])
for index = 1, #state, 2 do
  local field, value = state[index], state[index + 1]
  if field == 'level' then level = tonumber(value)
  elseif field == 'at' then at = math.min(tonumber(value), now)
  else
    local amount, ends = string.match(value, '^(%S+) (%S+)$')
    local lease = { holder = field, amount = tonumber(amount), ends = math.min(tonumber(ends), now + lease_ms) }
    leases[#leases + 1] = lease
    leased = leased + lease.amount
  end
end

local function fill(moment)
  if moment < at then moment = at end
  level = math.max(0, math.min(capacity - leased, level + rate * (moment - at)))
  at = moment
end

-- Each lease holds its room until it ends, so the bucket fills from one end to the next.
table.sort(leases, function(one, other) return one.ends < other.ends end)
local own = 0
for _, lease in ipairs(leases) do
  if lease.ends <= now then
    fill(lease.ends)
    leased = leased - lease.amount
    redis.call('HDEL', KEYS[1], lease.holder)
  elseif lease.holder == holder then
    own = lease.amount
  end
end
fill(now)
if own > 0 then
  leased = leased - own
  level = level + math.min(left, own)
  redis.call('HDEL', KEYS[1], holder)
end

local taken, lease, wait = 0, 0, 0
if level >= needed then
  taken = 1
  level = level - needed
  -- Never all that is there: others ask too.
  lease = math.min(more, math.floor(level / 4))
  level = level - lease
else
  wait = math.ceil((needed - level) / rate)
end
if lease > 0 then
  redis.call('HSET', KEYS[1], holder, string.format('%d %.17g', lease, now + lease_ms))
end
redis.call('HSET', KEYS[1], 'level', string.format('%.17g', level), 'at', string.format('%.17g', at))
-- Afterwards it would be full, as one is that is not there.
redis.call('PEXPIRE', KEYS[1], math.ceil(capacity / rate) + 2 * lease_ms)
return { taken, lease, wait }
