-- A poll that was entered can be changed: what makes its silence no shorter is written into it, what
-- would make it shorter is a poll of its own, beside which the old one holds until two agree.
ALTER TABLE poll
    ADD COLUMN amends        uuid,
    ADD COLUMN changed_by    uuid,
    ADD COLUMN changed_label text,
    ADD COLUMN changed_at    timestamptz,
    ADD FOREIGN KEY (organisation_id, amends) REFERENCES poll,
    ADD FOREIGN KEY (organisation_id, changed_by) REFERENCES account,
    ADD CONSTRAINT amends_another CHECK (amends <> id),
    ADD CONSTRAINT change_is_whole CHECK (
        (changed_by IS NULL) = (changed_at IS NULL) AND (changed_by IS NULL) = (changed_label IS NULL));

-- When a recall's time was up, what had come of it was written into the record once.
ALTER TABLE recall ADD COLUMN judged_at timestamptz;
CREATE INDEX recall_unjudged ON recall (organisation_id, gone_by) WHERE judged_at IS NULL;
