-- Moves a room's watermark over resolved numbers, publishes which of them are stored, and trims the room's stream
-- (ARCHITECTURE.md, The life of a message, step 8).
-- KEYS: meta, log, stored
-- ARGV: the publication's head and tail (no tail: nothing to publish), channel, entries that the stream keeps, and
-- then epoch, first and last of each range of resolved numbers, in rising order
-- Returns {epoch, seq} of the watermark, {0, 0} while there is none.

local meta_key, log_key, stored_key = KEYS[1], KEYS[2], KEYS[3]
local head, tail, channel, keep = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local week = 604800

local function text_of(number) return string.format('%.0f', number) end
local function entry_id(epoch, seq) return text_of(epoch) .. '-' .. text_of(seq) end

local epoch, seq = string.match(redis.call('GET', stored_key) or '', '^(%d+)-(%d+)$')
epoch, seq = tonumber(epoch) or 0, tonumber(seq) or 0

-- Whether no message stands in the stream between the watermark and this epoch. What came before a loss of Redis's
-- data is no longer there, so that it cannot be cut off either.
local function follows(next_epoch)
  return not redis.call('XRANGE', log_key, '(' .. entry_id(epoch, seq), '(' .. entry_id(next_epoch, 0), 'COUNT', 1)[1]
end

local moved = false
for i = 5, #ARGV, 3 do
  local range_epoch, first, last = tonumber(ARGV[i]), tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local joins
  if range_epoch == epoch then
    joins = first <= seq + 1 and last > seq
  else
    joins = range_epoch > epoch and first == 1 and follows(range_epoch)
  end
  if joins then
    epoch, seq, moved = range_epoch, last, true
  end
end

-- First, since out of memory this may write where SET alone would be refused.
local meta = redis.call('HMGET', meta_key, 'epoch', 'seq')
if tonumber(meta[1]) == epoch then
  local least = math.min(seq, (tonumber(meta[2]) or 0) - keep) + 1
  if least > 1 then redis.call('XTRIM', log_key, 'MINID', '~', entry_id(epoch, least)) end
end
if moved then
  redis.call('SET', stored_key, entry_id(epoch, seq), 'EX', week)
else
  redis.call('EXPIRE', stored_key, week)
end
if tail ~= '' then
  redis.call('PUBLISH', channel, head .. text_of(epoch) .. ',"seq":' .. text_of(seq) .. ',' .. tail)
end
return {epoch, seq}
