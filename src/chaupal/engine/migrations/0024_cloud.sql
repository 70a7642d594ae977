-- WhatsApp's Cloud API: whom it takes, its templates, its limits; and what Telegram lacked.

ALTER TABLE contact_point
    DROP CONSTRAINT channel_is_known,
    ADD CONSTRAINT channel_is_known CHECK (
        channel IN ('phone', 'email', 'telegram', 'matrix', 'whatsapp_cloud', 'sandbox'));

-- Which types of organisations a channel's provider does not take. Public facts with their source
-- and date, the same for all, so this table is not sealed. A rule is lifted by its end.
CREATE TABLE channel_exclusion (
    channel           text NOT NULL,
    organisation_type organisation_type NOT NULL,
    since             date NOT NULL,
    until             date,
    source            text NOT NULL,
    as_of             date NOT NULL,
    PRIMARY KEY (channel, organisation_type, since),
    CONSTRAINT exclusion_has_a_source CHECK (source <> '' AND length(source) <= 300),
    CONSTRAINT exclusion_ends_later   CHECK (until >= since)
);
GRANT SELECT ON channel_exclusion TO chaupal_program;
INSERT INTO channel_exclusion (channel, organisation_type, since, source, as_of) VALUES
    ('whatsapp_cloud', 'party', '2020-01-01',
     'WhatsApp Business Messaging Policy: no parties, politicians, candidates or campaigns'
     ' (three secondary sources; the clause itself not verified)', '2026-11-23');

-- What a provider allows an account, as it told the organisation. `portfolio` is whose senders share
-- `daily_limit`, the people that may be written to first in a moving day; one pair may have a
-- message each `pair_interval_s` after `pair_burst` at once. NULL: no such limit, or none known.
ALTER TABLE sender
    ADD COLUMN business_account text,
    ADD COLUMN portfolio        text,
    ADD COLUMN daily_limit      integer,
    ADD COLUMN pair_interval_s  real,
    ADD COLUMN pair_burst       integer,
    ADD CONSTRAINT business_account_is_plain CHECK (business_account ~ '^[0-9]{1,30}$'),
    ADD CONSTRAINT portfolio_is_plain        CHECK (portfolio ~ '^[0-9A-Za-z_-]{1,60}$'),
    ADD CONSTRAINT daily_limit_is_positive   CHECK (daily_limit > 0),
    ADD CONSTRAINT pair_limit_is_whole CHECK (
        (pair_interval_s IS NULL) = (pair_burst IS NULL) AND pair_interval_s > 0 AND pair_burst > 0);

-- Texts that a provider has approved beforehand, of one business account there. `body` has its
-- variables as {{1}}, {{2}}; `code` is the provider's name of the language.
CREATE TABLE message_template (
    organisation_id  integer NOT NULL REFERENCES organisation,
    id               uuid NOT NULL,
    business_account text NOT NULL,
    name             text NOT NULL,
    code             text NOT NULL,
    language         text NOT NULL,
    category         text NOT NULL,
    status           text NOT NULL,
    body             text NOT NULL,
    provider_ref     text,
    checked_at       timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, business_account, name, code),
    CONSTRAINT template_is_named CHECK (name ~ '^[a-z0-9_]{1,512}$' AND code ~ '^[A-Za-z_]{2,10}$'),
    CONSTRAINT language_is_known CHECK (language IN ('hi', 'en')),
    CONSTRAINT category_is_known CHECK (category IN ('marketing', 'utility', 'authentication')),
    CONSTRAINT status_is_known   CHECK (status IN ('pending', 'approved', 'rejected', 'paused',
                                                   'disabled')),
    CONSTRAINT body_is_there     CHECK (body <> '' AND length(body) <= 1024)
);
CALL seal('message_template', 'SELECT, INSERT, UPDATE');

-- Which template a broadcast goes as, where its channel wants one.
CREATE TABLE broadcast_template (
    organisation_id integer NOT NULL,
    broadcast_id    uuid NOT NULL,
    name            text NOT NULL,
    PRIMARY KEY (organisation_id, broadcast_id),
    FOREIGN KEY (organisation_id, broadcast_id) REFERENCES broadcast
);
CALL seal('broadcast_template', 'SELECT, INSERT, UPDATE, DELETE');

-- What is in doubt, for whoever asks the provider what it did.
CREATE INDEX delivery_unknown ON delivery (organisation_id, sender_id, doubtful_since)
    WHERE state = 'unknown';

-- Since when our sender has been out of a group: removed, or kept from writing.
ALTER TABLE chat_group ADD COLUMN sender_out_since timestamptz;
