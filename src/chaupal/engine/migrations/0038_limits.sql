-- The limits that several workers share, and what has to stop until a person has looked.

-- Senders that a provider's answer stopped. A row of its own beside the sender, so that stopping
-- never waits for the workers that renew their leases. Who let it go on stands in the record.
CREATE TABLE sender_stop (
    organisation_id integer NOT NULL,
    sender_id       uuid NOT NULL,
    at              timestamptz NOT NULL,
    halt            text NOT NULL,
    reason          text NOT NULL,
    PRIMARY KEY (organisation_id, sender_id),
    FOREIGN KEY (organisation_id, sender_id) REFERENCES sender,
    CONSTRAINT halt_is_known   CHECK (halt IN ('sender', 'organisation')),
    CONSTRAINT reason_is_plain CHECK (reason ~ '^([a-z][a-z_ ]{0,49}|(http|error)_[0-9]{1,6})$')
);
CALL seal('sender_stop', 'SELECT, INSERT, DELETE');

-- Broadcasts that a provider's answer paused, and why; gone when a person moves them on.
CREATE TABLE broadcast_halt (
    organisation_id integer NOT NULL,
    broadcast_id    uuid NOT NULL,
    sender_id       uuid NOT NULL,
    at              timestamptz NOT NULL,
    reason          text NOT NULL,
    PRIMARY KEY (organisation_id, broadcast_id),
    FOREIGN KEY (organisation_id, broadcast_id) REFERENCES broadcast,
    FOREIGN KEY (organisation_id, sender_id) REFERENCES sender,
    CONSTRAINT reason_is_plain CHECK (reason ~ '^([a-z][a-z_ ]{0,49}|(http|error)_[0-9]{1,6})$')
);
CALL seal('broadcast_halt', 'SELECT, INSERT, UPDATE, DELETE');

-- Whose senders share a day's limit: a portfolio by its name, or one sender under its own id. The
-- row is the lock of whoever claims for it, and `people` how many rows it has in portfolio_person.
CREATE TABLE portfolio (
    organisation_id integer NOT NULL REFERENCES organisation,
    name            text NOT NULL,
    people          integer NOT NULL DEFAULT 0,
    full_until      timestamptz,
    PRIMARY KEY (organisation_id, name),
    CONSTRAINT name_is_plain        CHECK (name ~ '^[0-9A-Za-z_-]{1,60}$'),
    CONSTRAINT people_are_not_fewer CHECK (people >= 0)
);
CALL seal('portfolio', 'SELECT, INSERT, UPDATE');

-- To whom a portfolio wrote in the last day, and when last.
CREATE TABLE portfolio_person (
    organisation_id integer NOT NULL,
    portfolio       text NOT NULL,
    person_id       uuid NOT NULL,
    last_at         timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, portfolio, person_id),
    FOREIGN KEY (organisation_id, portfolio) REFERENCES portfolio
);
CREATE INDEX portfolio_person_oldest ON portfolio_person (organisation_id, portfolio, last_at);
CALL seal('portfolio_person', 'SELECT, INSERT, UPDATE, DELETE');

-- What a provider said of a sender: its quality, how many people a day it allows its portfolio, and
-- whether it restricts the account; each with when it was heard. A limit below zero: none.
CREATE TABLE sender_standing (
    organisation_id   integer NOT NULL,
    sender_id         uuid NOT NULL,
    quality           text,
    quality_at        timestamptz,
    daily_limit       integer,
    daily_limit_at    timestamptz,
    restriction       text,
    restriction_at    timestamptz,
    PRIMARY KEY (organisation_id, sender_id),
    FOREIGN KEY (organisation_id, sender_id) REFERENCES sender,
    CONSTRAINT quality_is_known     CHECK (quality IN ('high', 'medium', 'low')),
    CONSTRAINT restriction_is_known CHECK (restriction IN ('warned', 'restricted', 'disabled')),
    CONSTRAINT what_was_heard_has_its_time CHECK (
        (quality IS NULL OR quality_at IS NOT NULL)
        AND (daily_limit IS NULL OR daily_limit_at IS NOT NULL)
        AND (restriction IS NULL OR restriction_at IS NOT NULL))
);
CALL seal('sender_standing', 'SELECT, INSERT, UPDATE');

-- How often a provider asked for one of only a few tries.
ALTER TABLE delivery ADD COLUMN tries smallint NOT NULL DEFAULT 0;
