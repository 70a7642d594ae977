-- People, how to reach them, and what they agreed to. There is no column for religion, caste,
-- a voter number or anything inferred, and an import that brings one is refused.

CREATE TABLE person (
    organisation_id integer NOT NULL,
    id              uuid NOT NULL,
    reference       text NOT NULL,
    unit_id         uuid NOT NULL,
    name            text NOT NULL,
    language        text NOT NULL DEFAULT 'hi',
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, reference),
    FOREIGN KEY (organisation_id, unit_id) REFERENCES unit,
    CONSTRAINT person_is_named   CHECK (name <> '' AND length(name) <= 300),
    CONSTRAINT language_is_known CHECK (language IN ('hi', 'en'))
);
CREATE INDEX person_unit ON person (organisation_id, unit_id, id);
CALL seal('person', 'SELECT, INSERT, UPDATE');

ALTER TABLE account ADD FOREIGN KEY (organisation_id, person_id) REFERENCES person;
ALTER TABLE post    ADD FOREIGN KEY (organisation_id, person_id) REFERENCES person;

-- `sealed` is AES-256-GCM; `lookup` is a keyed digest of the same address, so that an address
-- can be found without being readable.
CREATE TABLE contact_point (
    organisation_id integer NOT NULL,
    id              bigint GENERATED ALWAYS AS IDENTITY,
    person_id       uuid NOT NULL,
    channel         text NOT NULL,
    sealed          bytea NOT NULL,
    lookup          bytea NOT NULL,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, channel, lookup),
    FOREIGN KEY (organisation_id, person_id) REFERENCES person,
    CONSTRAINT channel_is_known CHECK (channel IN ('phone', 'email', 'telegram', 'matrix', 'sandbox')),
    CONSTRAINT lookup_is_a_digest CHECK (octet_length(lookup) = 16),
    CONSTRAINT sealed_is_sealed   CHECK (octet_length(sealed) BETWEEN 30 AND 400)
);
CREATE INDEX contact_point_person ON contact_point (organisation_id, person_id);
CALL seal('contact_point', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TYPE consent_act AS ENUM ('given', 'withdrawn');

-- A ledger: acts are added, never changed. The newest act of a person for a purpose and a
-- channel is what holds.
CREATE TABLE consent (
    organisation_id integer NOT NULL,
    id              bigint GENERATED ALWAYS AS IDENTITY,
    person_id       uuid NOT NULL,
    purpose         text NOT NULL,
    channel         text NOT NULL,
    act             consent_act NOT NULL,
    notice_version  text NOT NULL,
    language        text NOT NULL,
    basis           text NOT NULL,
    proof           text NOT NULL,
    at              timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, person_id) REFERENCES person,
    CONSTRAINT purpose_is_known CHECK (purpose IN ('messages', 'coordination')),
    CONSTRAINT basis_is_known   CHECK (basis IN ('own_page', 'keyword', 'paper', 'membership_form'))
);
CREATE INDEX consent_newest ON consent (organisation_id, person_id, purpose, channel, id DESC);
CALL seal('consent', 'SELECT, INSERT');
