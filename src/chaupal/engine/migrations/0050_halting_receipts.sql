-- A receipt may ask that a broadcast or a sender stop, as an answer may.

-- Since when what an answer stopped goes on again: words on what was sent before that stop nothing,
-- so that a receipt that comes late, twice, or again in a replay leaves alone what a person let go on.
ALTER TABLE broadcast ADD COLUMN gone_on_at timestamptz;
ALTER TABLE sender ADD COLUMN gone_on_at timestamptz;

-- A word that waits for its send keeps what it asks to stop, and why.
ALTER TABLE orphan_status
    ADD COLUMN halts text,
    ADD COLUMN why   text,
    ADD CONSTRAINT halt_is_known   CHECK (halts IN ('campaign', 'sender', 'organisation')),
    ADD CONSTRAINT halt_has_reason CHECK ((halts IS NULL) = (why IS NULL)),
    ADD CONSTRAINT reason_is_plain CHECK (why ~ '^([a-z][a-z_ ]{0,49}|(http|error)_[0-9]{1,6})$');
