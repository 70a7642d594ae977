-- Keys with which programs of the organisation come to the API: somebody's own rights, or fewer.

CREATE TABLE api_token (
    organisation_id integer NOT NULL,
    id              uuid NOT NULL,
    account_id      uuid NOT NULL,
    name            text NOT NULL,
    token_hash      bytea NOT NULL,
    rights          text[] NOT NULL,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    revoked_at      timestamptz,
    last_used_at    timestamptz,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, token_hash),
    FOREIGN KEY (organisation_id, account_id) REFERENCES account,
    CONSTRAINT token_is_a_sha256 CHECK (octet_length(token_hash) = 32),
    CONSTRAINT token_is_named    CHECK (name <> '' AND length(name) <= 100),
    CONSTRAINT token_has_an_end  CHECK (expires_at > created_at),
    CONSTRAINT token_may_something CHECK (cardinality(rights) BETWEEN 1 AND 30)
);
CREATE INDEX api_token_account ON api_token (organisation_id, account_id, id DESC);
CALL seal('api_token', 'SELECT, INSERT, UPDATE');
