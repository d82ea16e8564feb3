-- Gives the hole finder a room's newest number and watermark. A room whose watermark has reached its newest number
-- leaves `active` in the same step, so that no message can come in between (ARCHITECTURE.md, The life of a message,
-- step 10).
-- KEYS: meta, log, stored, active
-- ARGV: room
-- Returns {epoch, seq} of the newest number, 0, 0 when the room is gone, and the watermark as text, empty without one.

local meta_key, log_key, stored_key, active_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

local function numbers(entry_id)
  local epoch, seq = string.match(entry_id, '^(%d+)-(%d+)$')
  return tonumber(epoch) or 0, tonumber(seq) or 0
end

local meta = redis.call('HMGET', meta_key, 'epoch', 'seq')
local epoch, seq = tonumber(meta[1]), tonumber(meta[2])
-- A hash that is lost, or one that only a read has made for an empty room.
if not epoch or not seq or seq == 0 then
  local last = redis.call('XREVRANGE', log_key, '+', '-', 'COUNT', 1)[1]
  epoch, seq = numbers(last and last[1] or '')
end

local stored = redis.call('GET', stored_key) or ''
local stored_epoch, stored_seq = numbers(stored)
if stored_epoch > epoch or (stored_epoch == epoch and stored_seq >= seq) then
  redis.call('ZREM', active_key, ARGV[1])
end
return {epoch, seq, stored}
