-- What came in. The log itself is JetStream's; here are the projections' cursors, kept by the
-- transaction that applied the effect, and what people look at.

-- Belongs to the installation, holds no organisation's facts.
CREATE TABLE projection (
    name            text PRIMARY KEY,
    stream_sequence bigint NOT NULL DEFAULT 0
);
GRANT SELECT, INSERT, UPDATE ON projection TO chaupal_program;

-- Texts are kept only for groups that carry a notice, and only until `expires_at`.
CREATE TABLE arrival (
    organisation_id integer NOT NULL REFERENCES organisation,
    id              bigint GENERATED ALWAYS AS IDENTITY,
    kind            text NOT NULL,
    source          text NOT NULL,
    event_key       text NOT NULL,
    group_id        uuid,
    text            text,
    at              timestamptz NOT NULL,
    received_at     timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, source, event_key),
    FOREIGN KEY (organisation_id, group_id) REFERENCES chat_group
);
CREATE INDEX arrival_age ON arrival (organisation_id, expires_at);
CREATE INDEX arrival_group ON arrival (organisation_id, group_id, id DESC);
CALL seal('arrival', 'SELECT, INSERT, DELETE');
