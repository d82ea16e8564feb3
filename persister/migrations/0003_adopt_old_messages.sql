-- The rows of the old system's table, set aside by step 0, become messages of room general, in the order of their
-- times and then of their ids. Their epoch is 1: before every epoch that a clock gives. An id that is no UUID gets
-- one made from it (RFC 9562 version 8, of SHA-256). A time without a zone is UTC, as Prisma writes it; one that is
-- missing or infinite counts as the earliest. Rows without an id, or with a text that no message may have, stay in
-- the old table alone, which keeps all its rows. The result tells the log what was done.
DO $$
DECLARE
  old oid;
  sent_at text;
  adopted bigint;
  total bigint;
BEGIN
  SELECT oid INTO old FROM pg_catalog.pg_class
    WHERE relname = 'messages_of_old_system' AND relkind IN ('r', 'p') AND pg_table_is_visible(oid);
  IF old IS NULL THEN
    RETURN;
  END IF;
  SELECT CASE WHEN atttypid = 'timestamp'::regtype THEN 'created_at AT TIME ZONE ''UTC''' ELSE 'created_at' END
    INTO sent_at FROM pg_catalog.pg_attribute WHERE attrelid = old AND attname = 'created_at';
  EXECUTE format(
    $copy$
      INSERT INTO messages (id, room, epoch, seq, sender, sender_name, text, sent_at, kafka_partition, kafka_offset)
      SELECT CASE WHEN old_id ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN old_id::uuid
                  ELSE encode(set_byte(set_byte(hash, 6, get_byte(hash, 6) & 15 | 128),
                                       8, get_byte(hash, 8) & 63 | 128), 'hex')::uuid END,
             'general', 1, row_number() OVER (ORDER BY sent_at, old_id COLLATE "C"), 'unknown', 'unknown',
             old_text, sent_at, -1, -1
      FROM (SELECT id::text AS old_id, text::text AS old_text,
                   CASE WHEN isfinite(created_at) THEN %s ELSE timestamptz 'epoch' END AS sent_at
              FROM %s) AS old_message
      CROSS JOIN LATERAL (
        SELECT substr(sha256(convert_to('7f4eb3e6-1b5f-4d53-9a0c-5c4f6a3d2e18/' || old_id, 'UTF8')), 1, 16) AS hash
      ) AS made
      WHERE old_id IS NOT NULL AND char_length(old_text) BETWEEN 1 AND 4000
      ON CONFLICT DO NOTHING
    $copy$,
    sent_at, old::regclass);
  GET DIAGNOSTICS adopted = ROW_COUNT;
  EXECUTE format('SELECT count(*) FROM %s', old::regclass) INTO total;
  PERFORM set_config('chat.migration_note',
                     format('%s of %s messages of the old table are in room general now; all stay in %s as well',
                            adopted, total, old::regclass), true);
END
$$;

SELECT current_setting('chat.migration_note', true);
