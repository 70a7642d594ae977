-- When a sender's provider was asked what became of the sends in doubt, and how far that came:
-- the next batch begins behind (`upto_since`, `upto_id`), and after the last one at the beginning.
CREATE TABLE doubt_asking (
    organisation_id integer NOT NULL,
    sender_id       uuid NOT NULL,
    asked_at        timestamptz NOT NULL,
    upto_since      timestamptz NOT NULL DEFAULT '-infinity',
    upto_id         bigint NOT NULL DEFAULT 0,
    asked           integer NOT NULL DEFAULT 0,
    found           integer NOT NULL DEFAULT 0,
    PRIMARY KEY (organisation_id, sender_id),
    FOREIGN KEY (organisation_id, sender_id) REFERENCES sender
);
CALL seal('doubt_asking', 'SELECT, INSERT, UPDATE');
