-- For how long its provider tries to bring a template counts for the silences before polls. Meta
-- keeps to a marketing template's own time only over an API by which nothing is sent from here.
UPDATE message_template SET ttl_s = NULL WHERE category = 'marketing';
ALTER TABLE message_template
    ADD CONSTRAINT marketing_lives_as_long_as_its_channel CHECK (
        category <> 'marketing' OR ttl_s IS NULL);
