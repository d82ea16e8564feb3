-- A position belongs to a topic, and knows its last record again. A row of before has the topic '': the persister that
-- takes the partition over gives it the name of its own. `record_hash` is that of the record before next_offset, 0 where
-- it is not known. `generation` changes when a position is set anew, perhaps lower: who still holds the old one may not
-- raise it. `rooms_unchecked`: rows of this partition were lost, and its rooms' watermarks in Redis may lie too high.
ALTER TABLE positions
  ADD COLUMN topic text NOT NULL DEFAULT '',
  ADD COLUMN record_hash bigint NOT NULL DEFAULT 0,
  ADD COLUMN generation bigint NOT NULL DEFAULT 0,
  ADD COLUMN rooms_unchecked boolean NOT NULL DEFAULT false;
ALTER TABLE positions DROP CONSTRAINT positions_pkey;
ALTER TABLE positions ADD PRIMARY KEY (topic, partition);
