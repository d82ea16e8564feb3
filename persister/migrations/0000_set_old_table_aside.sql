-- A table `messages` of the system before this one (without a column `room`) makes way for ours under a telling
-- name. What refers to it, views and foreign keys, follows it. Its indexes are renamed as well, since ours may get
-- the names that they have. A later step copies its rows. Numbered 0 so that it comes before the table is made, and
-- does nothing where that has been.
DO $$
DECLARE
  old oid;
  renaming text;
BEGIN
  SELECT oid INTO old FROM pg_catalog.pg_class AS found
    WHERE relname = 'messages' AND relkind IN ('r', 'p') AND pg_table_is_visible(oid)
    AND ARRAY(SELECT attname::text FROM pg_catalog.pg_attribute WHERE attrelid = found.oid AND NOT attisdropped
              AND attname IN ('id', 'text', 'created_at', 'room') ORDER BY 1) = ARRAY['created_at', 'id', 'text'];
  IF old IS NULL THEN
    RETURN;
  END IF;
  FOR renaming IN
    SELECT format('ALTER INDEX %s RENAME TO %I', indexrelid::regclass,
                  'messages_of_old_system' || substr(relname, length('messages') + 1))
      FROM pg_catalog.pg_index JOIN pg_catalog.pg_class ON pg_class.oid = indexrelid
      WHERE indrelid = old AND relname LIKE 'messages%'
  LOOP
    EXECUTE renaming;
  END LOOP;
  EXECUTE format('ALTER TABLE %s RENAME TO messages_of_old_system', old::regclass);
END
$$;
