-- What a provider says of a template by itself. `heard_at`: of its newest word that counted, by the
-- provider's clock; whatever is older than the last look (`checked_at`) was in that look already.
-- `pictured`: each message that goes as it brings a picture, which stands above the text.
ALTER TABLE message_template
    ADD COLUMN heard_at timestamptz,
    ADD COLUMN quality text,
    ADD COLUMN quality_at timestamptz,
    ADD COLUMN pictured boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT quality_is_known CHECK (quality IN ('high', 'medium', 'low')),
    ADD CONSTRAINT quality_has_its_time CHECK (quality IS NULL OR quality_at IS NOT NULL),
    ADD CONSTRAINT a_picture_or_a_line_above CHECK (NOT pictured OR header IS NULL);
