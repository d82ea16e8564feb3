-- Numbers one message of a room, keeps it, remembers its id and publishes it (ARCHITECTURE.md, The life of a message,
-- step 3, and Numbers).
-- KEYS: meta, log, ids (without the hour), active, epochs
-- ARGV: id, hash of the text, the message object's head and tail, run id of this Redis, floor (below 0: the room needs no
-- proof), channel, stream cap, room
-- Returns {status, epoch, seq, entry}. Status 0: accepted. 1: duplicate. 2: the id was seen with another text. 3: the
-- message needs a new epoch, and no gateway has proven yet where epochs may begin under this run (epochs.lua).
-- Whatever can refuse comes before the first write, and XADD is that: a refusal burns no number. Only PUBLISH may be refused
-- after it, to a user without that right.

local meta_key, log_key, ids_key, active_key, epochs_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id, text_hash, head, tail, run, floor = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local week, two_hours = 604800, 7200
local last_epoch = 9007199254740991

-- A newer release that changes what these keys mean sets its number there (ARCHITECTURE.md, Formats and their versions).
if (tonumber(redis.call('HGET', epochs_key, 'format')) or 1) > 1 then
  return redis.error_reply('NEWERFORMAT the keys are of a newer release')
end

-- Lua's own conversion writes 1e+15 for large numbers.
local function text_of(number) return string.format('%.0f', number) end

local time = redis.call('TIME')
local hour = math.floor(time[1] / 3600)
local hour_key = ids_key .. text_of(hour)

local seen = redis.call('HGET', hour_key, id) or redis.call('HGET', ids_key .. text_of(hour - 1), id)
if seen then
  local entry_id = string.sub(seen, 17)
  local epoch, seq = string.match(entry_id, '^(%d+)-(%d+)$')
  if string.sub(seen, 1, 16) ~= text_hash then return {2, tonumber(epoch), tonumber(seq), ''} end
  local entries = redis.call('XRANGE', log_key, entry_id, entry_id)
  return {1, tonumber(epoch), tonumber(seq), entries[1] and entries[1][2][2] or ''}
end

local meta = redis.call('HMGET', meta_key, 'epoch', 'seq', 'run')
local old_epoch, old_seq = tonumber(meta[1]), tonumber(meta[2])

local epoch, seq, is_new, exhausted
-- Begins an epoch above every one that this room may have shown: the clock alone may be behind the epochs of an earlier
-- Redis. False while no gateway has proven where those ended, and beyond what a JSON number holds exactly.
local function begin_epoch()
  local known = redis.call('HMGET', epochs_key, 'run', 'highest')
  if known[1] ~= run and floor >= 0 then return false end
  epoch = math.max(time[1] * 1000 + math.floor(time[2] / 1000), (tonumber(known[2]) or 0) + 1, (old_epoch or 0) + 1,
    floor + 1)
  local log = redis.pcall('XINFO', 'STREAM', log_key)
  for i = 1, #log, 2 do
    if log[i] == 'last-generated-id' then
      epoch = math.max(epoch, tonumber(string.match(log[i + 1], '^%d+')) + 1)
    end
  end
  seq, is_new = 1, true
  if epoch > last_epoch then exhausted = redis.error_reply('EPOCHS of room are used up') end
  return not exhausted
end

-- An epoch that a read gave to an empty room is not new if messages of the same epoch were seen.
if old_epoch and old_seq and meta[3] == run and (old_epoch > floor or (old_epoch == floor and old_seq > 0)) then
  epoch, seq = old_epoch, old_seq + 1
elseif not begin_epoch() then
  return exhausted or {3, 0, 0, ''}
end

local function is_refused(reply) return type(reply) == 'table' and reply.err ~= nil end

local entry_id, message, added
local function add()
  entry_id = text_of(epoch) .. '-' .. text_of(seq)
  message = head .. text_of(epoch) .. ',"seq":' .. text_of(seq) .. ',' .. tail
  added = redis.pcall('XADD', log_key, 'MAXLEN', '~', ARGV[8], entry_id, 'm', message)
  return not is_refused(added)
end

-- False where the user lacks the right for that too.
local function take_back()
  if is_refused(redis.pcall('XDEL', log_key, entry_id)) then return false end
  -- Otherwise the next number would not be above the stream's last, and the room would need a new epoch.
  if not is_new then redis.pcall('XSETID', log_key, text_of(epoch) .. '-' .. text_of(old_seq)) end
  redis.pcall('EXPIRE', log_key, week)
  return true
end

if not add() then
  -- The hash is behind the stream, since one of them was changed by hand. Without a new epoch the room would refuse for ever.
  if not string.find(added.err, 'equal or smaller', 1, true) then return added end
  if not begin_epoch() then return exhausted or {3, 0, 0, ''} end
  if not add() then return added end
end

-- A message that is not published is shown to no member. Its id must not be remembered then, or its retry would be a
-- duplicate.
local published = redis.pcall('PUBLISH', ARGV[7], message)
if is_refused(published) and take_back() then return published end

if is_new then redis.call('HSET', epochs_key, 'highest', text_of(epoch)) end
redis.call('HSET', meta_key, 'epoch', text_of(epoch), 'seq', text_of(seq), 'run', run)
redis.call('HSET', hour_key, id, text_hash .. entry_id)
redis.call('EXPIRE', hour_key, two_hours)
redis.call('EXPIRE', meta_key, week)
redis.call('EXPIRE', log_key, week)
-- For the hole finder, which takes the room out again once everything up to this number is stored.
redis.call('ZADD', active_key, time[1], ARGV[9])
if is_refused(published) then return published end
return {0, epoch, seq, ''}
