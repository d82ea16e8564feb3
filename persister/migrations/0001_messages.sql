-- The messages, and how far each partition of the topic has been stored.
CREATE TABLE messages (
  id uuid NOT NULL,
  room text NOT NULL,
  epoch bigint NOT NULL,
  seq bigint NOT NULL,
  sender text NOT NULL,
  sender_name text NOT NULL,
  text text NOT NULL,
  sent_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  kafka_partition int NOT NULL,
  kafka_offset bigint NOT NULL,
  PRIMARY KEY (room, id)
);

-- Not unique: a number that came twice must not lose a message.
CREATE INDEX messages_room_epoch_seq ON messages (room, epoch, seq);
CREATE INDEX messages_created_at ON messages (created_at);

CREATE TABLE positions (
  partition int PRIMARY KEY,
  next_offset bigint NOT NULL
);
