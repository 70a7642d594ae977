-- Broadcasts that begin at an hour of their own: nothing of them is claimed before `starts_at`.
-- The freeze writes it into each delivery's `due_at`, which every claim heeds already.

ALTER TABLE broadcast
    ADD COLUMN starts_at timestamptz,
    ADD CONSTRAINT starts_before_its_end CHECK (starts_at < expires_at);

-- What waits for days must cost nothing meanwhile: what is in doubt is found without it.
CREATE INDEX delivery_doubtful ON delivery (organisation_id, sender_id, doubtful_since)
    WHERE state = 'queued' AND doubtful_since IS NOT NULL;
