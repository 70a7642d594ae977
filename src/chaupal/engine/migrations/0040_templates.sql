-- Templates as their provider has them, brought in whole, and which one a broadcast goes as.
--
-- What else of a template readers see stands beside its body; `buttons` are their labels, a line
-- each. `unfit`: why this program cannot send it. `changed_at`: since when it says what it says, so
-- that what was approved before a change never goes as something else. `gone`: its provider does
-- not list it any more. `ttl_s`: for so long the provider tries, where the template says it.
ALTER TABLE message_template
    ADD COLUMN header text,
    ADD COLUMN footer text,
    ADD COLUMN buttons text NOT NULL DEFAULT '',
    ADD COLUMN unfit text,
    ADD COLUMN ttl_s integer,
    ADD COLUMN changed_at timestamptz NOT NULL,
    DROP CONSTRAINT template_is_named,  -- it could never hold: a pattern repeats 255 times at most
    ADD CONSTRAINT template_is_named CHECK (
        name ~ '^[a-z0-9_]+$' AND length(name) <= 512 AND code ~ '^[A-Za-z_]{2,10}$'),
    DROP CONSTRAINT status_is_known,
    ADD CONSTRAINT status_is_known CHECK (
        status IN ('pending', 'approved', 'rejected', 'paused', 'disabled', 'gone')),
    ADD CONSTRAINT parts_are_short CHECK (
        length(header) <= 60 AND length(footer) <= 60 AND length(buttons) <= 400),
    ADD CONSTRAINT ttl_is_positive CHECK (ttl_s > 0);

-- It belongs to what is written, and to its hash, so it stands in the broadcast itself: the name,
-- and for each language the provider's code of it and the variables. A claim asks for nothing of it
-- where there is none.
DROP TABLE broadcast_template;
ALTER TABLE broadcast
    ADD COLUMN template jsonb,
    ADD CONSTRAINT template_is_whole CHECK (
        jsonb_typeof(template -> 'name') = 'string' AND jsonb_typeof(template -> 'fills') = 'object');

-- When the templates of each business account were fetched last, by whom it was asked for, and how
-- far a fetch that is under way has come. `began_at` is its fence.
CREATE TABLE template_fetch (
    organisation_id  integer NOT NULL REFERENCES organisation,
    business_account text NOT NULL,
    asked_at         timestamptz,
    asked_label      text,
    began_at         timestamptz,
    lease_until      timestamptz,
    templates        integer NOT NULL DEFAULT 0,
    ended_at         timestamptz,
    failure          text,
    PRIMARY KEY (organisation_id, business_account),
    CONSTRAINT business_account_is_plain CHECK (business_account ~ '^[0-9]{1,30}$'),
    CONSTRAINT failure_is_short CHECK (failure <> '' AND length(failure) <= 100)
);
CALL seal('template_fetch', 'SELECT, INSERT, UPDATE');
