-- Files: what headings were taken for, and the staging of posts and memberships.

-- What somebody said once of the headings of a file holds for the next file with the same ones.
-- The headings are a person's words, so they are not kept: of the set of them only a digest, and
-- what each was taken for, in the order of the alphabet.
CREATE TABLE import_mapping (
    organisation_id integer NOT NULL REFERENCES organisation,
    kind            text NOT NULL,
    headings_hash   bytea NOT NULL,
    columns         text[] NOT NULL,
    chosen_at       timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, kind, headings_hash),
    CONSTRAINT kind_is_known CHECK (kind IN ('units', 'people', 'groups', 'posts', 'memberships')),
    CONSTRAINT hash_is_a_sha256 CHECK (octet_length(headings_hash) = 32),
    CONSTRAINT columns_are_few CHECK (cardinality(columns) BETWEEN 1 AND 100)
);
CALL seal('import_mapping', 'SELECT, INSERT, UPDATE');

-- As in 0010: the tables here stay empty, they are the shapes of temporary ones.

CREATE TABLE staged_office (
    line        integer PRIMARY KEY,
    id          uuid,
    unit_code   text,
    role        text,
    title_hi    text,
    title_en    text,
    reference   text,
    since       date,
    until       date,
    refusal     text,
    culprit     text,
    outcome     text,
    unit_id     uuid,
    person_id   uuid,
    known_id    uuid,
    office_id   uuid,
    alike       integer,
    turn        integer
);
CREATE INDEX staged_office_alike ON staged_office (alike, turn);
CREATE INDEX staged_office_seat ON staged_office (office_id);
GRANT SELECT ON staged_office TO chaupal_program;

CREATE TABLE staged_membership (
    line         integer PRIMARY KEY,
    reference    text,
    category     text,
    since        date,
    until        date,
    basis        text,
    refusal      text,
    culprit      text,
    outcome      text,
    person_id    uuid,
    category_key text,
    known        boolean
);
CREATE INDEX staged_membership_person ON staged_membership (person_id, category_key);
GRANT SELECT ON staged_membership TO chaupal_program;
