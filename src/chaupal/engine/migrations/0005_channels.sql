-- Senders: the accounts through which the organisation sends. One worker at a time holds a
-- sender, so its pace can be kept in that worker's memory and is never exceeded.

CREATE TABLE sender (
    organisation_id       integer NOT NULL REFERENCES organisation,
    id                    uuid NOT NULL,
    name                  text NOT NULL,
    channel               text NOT NULL,
    endpoint              text NOT NULL,
    sealed_token          bytea NOT NULL,
    sealed_webhook_secret bytea NOT NULL,
    rate_per_s            integer NOT NULL,
    chat_interval_s       real NOT NULL DEFAULT 0,
    disabled_at           timestamptz,
    lease_owner           uuid,
    lease_until           timestamptz,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, name),
    CONSTRAINT rate_is_positive CHECK (rate_per_s BETWEEN 1 AND 20000),
    CONSTRAINT lease_has_an_owner CHECK ((lease_owner IS NULL) = (lease_until IS NULL))
);
CALL seal('sender', 'SELECT, INSERT, UPDATE');
