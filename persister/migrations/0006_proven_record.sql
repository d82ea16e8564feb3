-- The record at proven_offset - 1 has proven_hash. It was stored a while before the one at next_offset - 1, and Kafka was seen
-- to have it: where the topic was made again since and has outgrown the position, next_offset may be behind a record of the
-- new topic already, and only the older one tells. 0: none is known.
ALTER TABLE positions
  ADD COLUMN IF NOT EXISTS proven_offset bigint NOT NULL DEFAULT 0,
  ADD COLUMN IF NOT EXISTS proven_hash bigint NOT NULL DEFAULT 0;
