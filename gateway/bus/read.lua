-- Reads a room's messages after a cursor, before one, or the last ones (ARCHITECTURE.md, What proves that nothing is
-- missing; PROTOCOL.md, joined). It writes nothing except the epoch of a room without any message. The room's first
-- message continues in that epoch, so that a client that returns with the cursor is proven to have missed nothing else.
-- KEYS: meta, log, stored, epochs
-- ARGV: run id of this Redis, history, most entries, most bytes; with a cursor also its epoch and seq, and then
-- "before" when the last `history` messages in front of it are wanted, not those after it
-- Returns {epoch, seq, stored, more, complete, same run, begun, entry id, message, entry id, message, …}, oldest first.
-- `begun`: the epoch began under this run, also where gateways know later ones and the next message begins another.

local meta_key, log_key, stored_key, epochs_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
-- As in accept.lua.
if (tonumber(redis.call('HGET', epochs_key, 'format')) or 1) > 1 then
  return redis.error_reply('NEWERFORMAT the keys are of a newer release')
end
local run, history, max_entries, max_bytes = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local since_epoch, since_seq = tonumber(ARGV[5]), tonumber(ARGV[6])
local newest_wanted = '+'
if ARGV[7] == 'before' then
  newest_wanted = '(' .. ARGV[5] .. '-' .. ARGV[6]
  since_epoch, since_seq = nil, nil
end
-- Entries are fetched in steps: a page is bounded in bytes, and a thousand of the largest entries would be far more.
local step = 64
local an_hour = 3600

local function text_of(number) return string.format('%.0f', number) end
local function numbers(entry_id)
  local epoch, seq = string.match(entry_id, '^(%d+)-(%d+)$')
  return tonumber(epoch), tonumber(seq)
end

local meta = redis.call('HMGET', meta_key, 'epoch', 'seq', 'run')
local epoch, seq = tonumber(meta[1]), tonumber(meta[2])
local function is_beyond_newest()
  return since_epoch and (since_epoch > epoch or (since_epoch == epoch and since_seq > seq))
end

local may_note = newest_wanted == '+'
if epoch and seq == 0 and is_beyond_newest() then
  -- This Redis has lost messages, so the epoch that it gave for an empty room proves nothing.
  redis.pcall('DEL', meta_key)
  meta, epoch, seq, may_note = {}, nil, nil, false
end
if not epoch then
  local last = redis.call('XREVRANGE', log_key, '+', '-', 'COUNT', 1)
  if last[1] then
    epoch, seq = numbers(last[1][1])
  else
    local time = redis.call('TIME')
    epoch, seq = time[1] * 1000 + math.floor(time[2] / 1000), 0
    -- The clock may be behind the epochs that an earlier Redis gave (epochs.lua).
    local known = redis.call('HMGET', epochs_key, 'run', 'highest')
    local is_proven = known[1] == run
    if is_proven then epoch = math.max(epoch, tonumber(known[2]) + 1) end
    -- A stream that was trimmed to nothing may have had later epochs. A Redis that takes no writes forgets it again.
    if may_note and not is_beyond_newest() and redis.call('EXISTS', log_key) == 0 and is_proven then
      redis.pcall('HSET', epochs_key, 'highest', text_of(epoch))
      local noted = redis.pcall('HSET', meta_key, 'epoch', text_of(epoch), 'seq', '0', 'run', run)
      if type(noted) == 'number' then
        redis.call('EXPIRE', meta_key, an_hour)
        meta[3] = run
      end
    end
  end
end

-- epochs.lua sets this mark.
local is_begun_here = meta[3] == run or meta[3] == run .. '!'
local complete = true
if is_beyond_newest() then
  since_epoch, since_seq, complete = nil, nil, false
end

local entries, bytes, more = {}, 0, false
-- Takes entries in the command's order until the page is full or there are no more.
local function fill(command, position, last, limit)
  while true do
    local part = redis.call(command, log_key, position, last, 'COUNT', step)
    for _, entry in ipairs(part) do
      local size = string.len(entry[2][2])
      if #entries == limit or (#entries > 0 and bytes + size > max_bytes) then
        more = true
        return
      end
      bytes = bytes + size
      entries[#entries + 1] = entry
      position = '(' .. entry[1]
    end
    if #part < step then return end
  end
end

if since_epoch then
  fill('XRANGE', '(' .. text_of(since_epoch) .. '-' .. text_of(since_seq), '+', max_entries)
  -- Under another run Redis may have come back with older data, so the end of the epoch is not proven.
  local first = entries[1]
  if since_epoch ~= epoch or not is_begun_here then
    complete = false
  elseif first then
    local _, first_seq = numbers(first[1])
    complete = first_seq == since_seq + 1
  else
    complete = since_seq == seq
  end
elseif history > 0 then
  fill('XREVRANGE', newest_wanted, '-', history)
  -- The last messages end at the newest; `before` asks for older ones.
  if newest_wanted == '+' then more = false end
  for i = 1, math.floor(#entries / 2) do
    entries[i], entries[#entries + 1 - i] = entries[#entries + 1 - i], entries[i]
  end
end

local reply = {epoch, seq, redis.call('GET', stored_key) or '', more and 1 or 0, complete and 1 or 0,
  meta[3] == run and 1 or 0, is_begun_here and 1 or 0}
for _, entry in ipairs(entries) do
  reply[#reply + 1] = entry[1]
  reply[#reply + 1] = entry[2][2]
end
return reply
