-- Groups by when they were archived: a broadcast on its way asks every second which ones were.
CREATE INDEX chat_group_archived ON chat_group (organisation_id, archived_at)
    WHERE archived_at IS NOT NULL;
