-- What senders exchanged with their providers in the last hour: how it ended and how long it took,
-- and nothing of what was said, where to, or to whom. What went alike in one batch shares a row.

CREATE TABLE exchange (
    organisation_id integer NOT NULL,
    id              bigint GENERATED ALWAYS AS IDENTITY,
    sender_id       uuid NOT NULL,
    at              timestamptz NOT NULL,
    told            boolean NOT NULL,
    method          text,
    ended           text NOT NULL,
    status          integer,
    kind            text,
    outcome         text NOT NULL,
    reason          text,
    times           integer NOT NULL,
    took_ms         integer NOT NULL,
    slowest_ms      integer NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, sender_id) REFERENCES sender,
    CONSTRAINT end_is_known CHECK (
        ended IN ('answered', 'in_trouble', 'not_reached', 'answer_lost', 'not_asked')),
    CONSTRAINT outcome_is_known CHECK (outcome IN ('accepted', 'deferred', 'rejected', 'unknown')),
    -- Nothing that could be somebody's name, number or words has a place here.
    CONSTRAINT method_is_plain CHECK (method ~ '^[A-Z]{3,7}$'),
    CONSTRAINT kind_is_plain   CHECK (kind ~ '^[A-Za-z_]{1,60}$'),
    CONSTRAINT reason_is_plain CHECK (reason ~ '^([a-z][a-z_ ]{0,49}|(http|error)_[0-9]{1,6})$'),
    CONSTRAINT status_is_http  CHECK (status BETWEEN 100 AND 999),
    CONSTRAINT counted         CHECK (times > 0 AND took_ms >= 0 AND slowest_ms >= took_ms)
);
CREATE INDEX exchange_of_sender ON exchange (organisation_id, sender_id, id);
CREATE INDEX exchange_oldest ON exchange (organisation_id, at);
CALL seal('exchange', 'SELECT, INSERT, DELETE');

-- How a sender stood when that last changed, as the one worker that holds it knows.
CREATE TABLE sender_state (
    organisation_id integer NOT NULL,
    sender_id       uuid NOT NULL,
    at              timestamptz NOT NULL,
    rate_per_s      real NOT NULL,
    held_until      timestamptz,
    trips           integer NOT NULL,
    PRIMARY KEY (organisation_id, sender_id),
    FOREIGN KEY (organisation_id, sender_id) REFERENCES sender
);
CALL seal('sender_state', 'SELECT, INSERT, UPDATE');
