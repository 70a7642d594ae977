-- The organisation's own tree, the posts in it, and the accounts of those who sign in.
--
-- A unit's path holds the numbers from the root down to itself, '/1/17/402/'. Everything below
-- a unit lies between its path and its path_end, which is one range of one index.

CREATE TABLE level (
    organisation_id integer NOT NULL REFERENCES organisation,
    rank            smallint NOT NULL,
    key             text NOT NULL,
    name_hi         text NOT NULL,
    name_en         text NOT NULL,
    PRIMARY KEY (organisation_id, rank),
    UNIQUE (organisation_id, key),
    CONSTRAINT rank_is_small   CHECK (rank BETWEEN 0 AND 15),
    CONSTRAINT level_is_named  CHECK (name_hi <> '' AND name_en <> '')
);
CALL seal('level', 'SELECT, INSERT');

CREATE TABLE unit (
    organisation_id integer NOT NULL,
    id              uuid NOT NULL,
    number          integer NOT NULL,
    parent_id       uuid,
    level_rank      smallint NOT NULL,
    code            text NOT NULL,
    name_hi         text NOT NULL,
    name_en         text NOT NULL,
    path            text COLLATE "C" NOT NULL,
    path_end        text COLLATE "C" NOT NULL GENERATED ALWAYS AS (path || '~') STORED,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, level_rank) REFERENCES level,
    FOREIGN KEY (organisation_id, parent_id) REFERENCES unit DEFERRABLE INITIALLY DEFERRED,
    UNIQUE (organisation_id, number),
    UNIQUE (organisation_id, code),
    UNIQUE (organisation_id, path),
    CONSTRAINT path_ends_in_own_number CHECK (path LIKE '%/' || number || '/'),
    CONSTRAINT only_a_root_has_no_parent CHECK ((parent_id IS NULL) = (path = '/' || number || '/')),
    CONSTRAINT unit_is_named CHECK (name_hi <> '' AND name_en <> '' AND length(name_hi) <= 300
                                    AND length(name_en) <= 300)
);
CREATE INDEX unit_children ON unit (organisation_id, parent_id);
CALL seal('unit', 'SELECT, INSERT, UPDATE');

CREATE TYPE post_role AS ENUM ('administrator', 'coordinator', 'desk', 'office_bearer');

CREATE TABLE account (
    organisation_id integer NOT NULL REFERENCES organisation,
    id              uuid NOT NULL,
    login           text NOT NULL,
    name            text NOT NULL,
    person_id       uuid,
    language        text NOT NULL DEFAULT 'hi',
    password_hash   text NOT NULL,
    disabled_at     timestamptz,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, login),
    CONSTRAINT login_is_plain        CHECK (login ~ '^[a-z0-9._-]{2,60}$'),
    CONSTRAINT password_is_argon2    CHECK (password_hash LIKE '$argon2id$%'),
    CONSTRAINT language_is_known     CHECK (language IN ('hi', 'en'))
);
CALL seal('account', 'SELECT, INSERT, UPDATE');

-- A person's office at a unit, with dates. What an account may see follows from the posts of
-- its person (or, for staff who are not members, from posts held by the account itself).
CREATE TABLE post (
    organisation_id integer NOT NULL,
    id              uuid NOT NULL,
    unit_id         uuid NOT NULL,
    person_id       uuid,
    account_id      uuid,
    role            post_role NOT NULL,
    title_hi        text NOT NULL,
    title_en        text NOT NULL,
    since           date NOT NULL,
    until           date,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, unit_id) REFERENCES unit,
    FOREIGN KEY (organisation_id, account_id) REFERENCES account,
    CONSTRAINT held_by_somebody   CHECK (person_id IS NOT NULL OR account_id IS NOT NULL),
    CONSTRAINT ends_after_it_began CHECK (until IS NULL OR until >= since)
);
CREATE INDEX post_unit ON post (organisation_id, unit_id);
CREATE INDEX post_person ON post (organisation_id, person_id);
CREATE INDEX post_account ON post (organisation_id, account_id);
CALL seal('post', 'SELECT, INSERT, UPDATE');

CREATE TABLE session (
    organisation_id integer NOT NULL,
    token_hash      bytea NOT NULL,
    account_id      uuid NOT NULL,
    csrf            text NOT NULL,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, token_hash),
    FOREIGN KEY (organisation_id, account_id) REFERENCES account,
    CONSTRAINT token_is_a_sha256 CHECK (octet_length(token_hash) = 32)
);
CREATE INDEX session_age ON session (organisation_id, expires_at);
CALL seal('session', 'SELECT, INSERT, UPDATE, DELETE');

-- Failed sign-ins by keyed digest of what was tried (a login, or a network address).
CREATE TABLE sign_in_failure (
    organisation_id integer NOT NULL REFERENCES organisation,
    digest          bytea NOT NULL,
    failures        integer NOT NULL,
    last_at         timestamptz NOT NULL,
    blocked_until   timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, digest)
);
CALL seal('sign_in_failure', 'SELECT, INSERT, UPDATE, DELETE');
