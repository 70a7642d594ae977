-- Who has seen that a recall is late, and is on it: the last one to say so.
ALTER TABLE recall
    ADD COLUMN attended_at    timestamptz,
    ADD COLUMN attended_by    uuid,
    ADD COLUMN attended_label text,
    ADD FOREIGN KEY (organisation_id, attended_by) REFERENCES account,
    ADD CONSTRAINT attended_by_somebody CHECK (
        (attended_at IS NULL) = (attended_by IS NULL)
        AND (attended_at IS NULL) = (attended_label IS NULL)),
    ADD CONSTRAINT attended_only_when_late CHECK (attended_at > gone_by);
