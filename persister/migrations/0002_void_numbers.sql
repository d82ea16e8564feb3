-- Numbers that no message has: lost before they were stored, or given to a message whose row stands elsewhere.
CREATE TABLE void_numbers (
  room text NOT NULL,
  epoch bigint NOT NULL,
  seq bigint NOT NULL,
  reason text NOT NULL,
  noted_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (room, epoch, seq)
);
