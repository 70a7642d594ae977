-- A recall with a clock: since when a broadcast is withdrawn, by when it has to be gone, and for
-- each delivery that may stand in a chat whether it is.
CREATE TABLE recall (
    organisation_id integer NOT NULL,
    broadcast_id    uuid NOT NULL,
    ordered_by      uuid NOT NULL,
    ordered_label   text NOT NULL,
    since           timestamptz NOT NULL,
    gone_by         timestamptz NOT NULL,
    gathered        integer NOT NULL DEFAULT 0,
    PRIMARY KEY (organisation_id, broadcast_id),
    FOREIGN KEY (organisation_id, broadcast_id) REFERENCES broadcast,
    FOREIGN KEY (organisation_id, ordered_by) REFERENCES account,
    CONSTRAINT recall_has_an_end CHECK (gone_by > since)
);
CALL seal('recall', 'SELECT, INSERT, UPDATE');

-- `waiting`, `deleting`, `deleted`: by the channel. `asked`, `acknowledged`: by the group's admin.
-- `impossible`: the channel takes nothing back, or refused to.
CREATE TYPE retraction_state AS ENUM (
    'waiting', 'deleting', 'deleted', 'asked', 'acknowledged', 'impossible');
CREATE TABLE retraction (
    organisation_id integer NOT NULL,
    delivery_id     bigint NOT NULL,
    broadcast_id    uuid NOT NULL,
    sender_id       uuid,
    state           retraction_state NOT NULL,
    attempts        smallint NOT NULL DEFAULT 0,
    due_at          timestamptz NOT NULL,
    lease_until     timestamptz,
    settled_at      timestamptz,
    PRIMARY KEY (organisation_id, delivery_id),
    FOREIGN KEY (organisation_id, delivery_id) REFERENCES delivery,
    CONSTRAINT leased_only_while_deleting CHECK ((state = 'deleting') = (lease_until IS NOT NULL)),
    CONSTRAINT settled_has_its_time CHECK (
        (state IN ('deleted', 'acknowledged', 'impossible')) = (settled_at IS NOT NULL)),
    CONSTRAINT people_are_asked_where_no_sender_was CHECK (
        CASE WHEN sender_id IS NULL THEN state IN ('asked', 'acknowledged')
             ELSE state NOT IN ('asked', 'acknowledged') END)
);
-- Who posted it, or saw it and may have, is asked to delete it, and says when that is done.
ALTER TABLE relay_assignment
    ADD COLUMN recall_asked_at timestamptz,
    ADD COLUMN deleted_at      timestamptz;
CREATE INDEX retraction_waiting ON retraction (organisation_id, due_at, delivery_id)
    WHERE state = 'waiting';
CREATE INDEX retraction_leased ON retraction (organisation_id, lease_until) WHERE state = 'deleting';
CREATE INDEX retraction_broadcast ON retraction (organisation_id, broadcast_id, state);
CALL seal('retraction', 'SELECT, INSERT, UPDATE');
