-- Keeps the epoch above which new ones begin. The clock of a Redis that replaces another may be behind the epochs that
-- rooms have seen. So under each run a gateway first proves an epoch above which none was ever given. Every epoch of the
-- run is above that one, and above all earlier ones of the run.
-- KEYS: epochs; with a room also its meta
-- ARGV: run id of this Redis, floor: an epoch that was given, 0 for none; "prove" where the floor is known to be the
-- highest that was ever given
-- With a room: the floor was shown in it, so an epoch below that gets no more messages.
-- Returns {proven, highest, clock in ms}.

local epochs_key, meta_key = KEYS[1], KEYS[2]
local run, floor = ARGV[1], tonumber(ARGV[2])

local function text_of(number) return string.format('%.0f', number) end

local known = redis.call('HMGET', epochs_key, 'run', 'highest')
local is_proven, highest = known[1] == run, tonumber(known[2]) or 0
if ARGV[3] == 'prove' and not is_proven then
  redis.call('HSET', epochs_key, 'run', run, 'highest', text_of(math.max(highest, floor)))
  is_proven, highest = true, math.max(highest, floor)
elseif floor > highest then
  redis.call('HSET', epochs_key, 'highest', text_of(floor))
  highest = floor
end

if meta_key then
  local meta = redis.call('HMGET', meta_key, 'epoch', 'run')
  -- No longer the run's own id, so that the next message begins an epoch; but still recognised as one of this run.
  if (tonumber(meta[1]) or floor) < floor and meta[2] == run then redis.call('HSET', meta_key, 'run', run .. '!') end
end

local time = redis.call('TIME')
return {is_proven and 1 or 0, highest, time[1] * 1000 + math.floor(time[2] / 1000)}
