-- A room's floor: `chat-persister prune` deleted all of its messages up to and with this number, and none behind it. Written in
-- the transaction that deletes. A room of which nothing was deleted has no row.
CREATE TABLE room_floors (
  room text PRIMARY KEY,
  epoch bigint NOT NULL,
  seq bigint NOT NULL,
  pruned_at timestamptz NOT NULL DEFAULT now()
);

-- The highest offset of a deleted row of each partition. A record behind it was never deleted, so that a persister that reads on
-- need not look at the floors of its rooms.
CREATE TABLE pruned_offsets (
  partition int PRIMARY KEY,
  last_offset bigint NOT NULL
);
