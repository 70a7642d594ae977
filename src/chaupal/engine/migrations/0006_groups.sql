-- The directory of groups. A group is internal or public, never both.

CREATE TYPE group_purpose AS ENUM ('internal', 'public');

CREATE TABLE category (
    organisation_id integer NOT NULL REFERENCES organisation,
    key             text NOT NULL,
    name_hi         text NOT NULL,
    name_en         text NOT NULL,
    PRIMARY KEY (organisation_id, key),
    CONSTRAINT key_is_plain CHECK (key ~ '^[a-z_]{2,40}$')
);
CALL seal('category', 'SELECT, INSERT');

CREATE TABLE chat_group (
    organisation_id integer NOT NULL,
    id              uuid NOT NULL,
    unit_id         uuid NOT NULL,
    name            text NOT NULL,
    purpose         group_purpose NOT NULL,
    channel         text NOT NULL,
    sender_id       uuid,
    address         text NOT NULL,
    language        text NOT NULL DEFAULT 'hi',
    size            integer NOT NULL DEFAULT 0,
    size_at         timestamptz,
    carries_notice  boolean NOT NULL DEFAULT false,
    archived_at     timestamptz,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, channel, address),
    FOREIGN KEY (organisation_id, unit_id) REFERENCES unit,
    FOREIGN KEY (organisation_id, sender_id) REFERENCES sender,
    CONSTRAINT group_is_named    CHECK (name <> '' AND length(name) <= 300),
    CONSTRAINT channel_is_known  CHECK (channel IN ('whatsapp', 'telegram', 'matrix', 'sandbox')),
    CONSTRAINT relayed_groups_have_no_sender CHECK ((channel = 'whatsapp') = (sender_id IS NULL)),
    CONSTRAINT language_is_known CHECK (language IN ('hi', 'en')),
    CONSTRAINT size_is_plausible CHECK (size BETWEEN 0 AND 200000)
);
CREATE INDEX chat_group_unit ON chat_group (organisation_id, unit_id, id);
CREATE INDEX chat_group_address ON chat_group (organisation_id, sender_id, address);
CALL seal('chat_group', 'SELECT, INSERT, UPDATE');

CREATE TABLE group_category (
    organisation_id integer NOT NULL,
    category_key    text NOT NULL,
    group_id        uuid NOT NULL,
    PRIMARY KEY (organisation_id, category_key, group_id),
    FOREIGN KEY (organisation_id, category_key) REFERENCES category,
    FOREIGN KEY (organisation_id, group_id) REFERENCES chat_group
);
CREATE INDEX group_category_group ON group_category (organisation_id, group_id);
CALL seal('group_category', 'SELECT, INSERT, DELETE');

CREATE TABLE group_admin (
    organisation_id integer NOT NULL,
    group_id        uuid NOT NULL,
    person_id       uuid NOT NULL,
    turn            smallint NOT NULL,
    left_at         timestamptz,
    PRIMARY KEY (organisation_id, group_id, person_id),
    FOREIGN KEY (organisation_id, group_id) REFERENCES chat_group,
    FOREIGN KEY (organisation_id, person_id) REFERENCES person
);
CREATE INDEX group_admin_person ON group_admin (organisation_id, person_id);
CALL seal('group_admin', 'SELECT, INSERT, UPDATE');
