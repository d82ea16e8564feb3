-- The id as its sender spelled it, where that is not the form in which PostgreSQL shows a uuid (small letters). Ids are
-- compared by the column id alone. Without a default, so that the table is not written anew.
ALTER TABLE messages ADD COLUMN IF NOT EXISTS id_as_sent text;
