-- Broadcasts: a draft, two signatures, one frozen audience, a delivery for each target.

CREATE TYPE lane AS ENUM ('urgent', 'normal', 'bulk');
CREATE TYPE broadcast_stage AS ENUM (
    'draft', 'submitted', 'approved', 'sending', 'paused', 'finished', 'cancelled', 'recalled');
CREATE TYPE delivery_state AS ENUM (
    'queued', 'sending', 'tasked', 'sent', 'refused', 'unknown', 'expired', 'cancelled', 'recalled');

CREATE TABLE broadcast (
    organisation_id integer NOT NULL,
    id              uuid NOT NULL,
    stage           broadcast_stage NOT NULL DEFAULT 'draft',
    title           text NOT NULL,
    purpose         group_purpose NOT NULL,
    lane            lane NOT NULL DEFAULT 'normal',
    audience        jsonb NOT NULL,
    election_matter boolean NOT NULL DEFAULT true,
    synthetic       boolean NOT NULL DEFAULT false,
    author_id       uuid NOT NULL,
    author_label    text NOT NULL,
    author_paths    text[] NOT NULL,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    content_hash    bytea NOT NULL,
    submitted_at    timestamptz,
    approver_id     uuid,
    approver_label  text,
    approved_at     timestamptz,
    approved_hash   bytea,
    frozen_at       timestamptz,
    targets         integer,
    finished_at     timestamptz,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, author_id) REFERENCES account,
    FOREIGN KEY (organisation_id, approver_id) REFERENCES account,
    CONSTRAINT broadcast_is_titled CHECK (title <> '' AND length(title) <= 200),
    CONSTRAINT two_different_people CHECK (approver_id <> author_id),
    CONSTRAINT approval_is_whole CHECK (
        (approver_id IS NULL) = (approved_hash IS NULL)
        AND (approver_id IS NULL) = (approved_at IS NULL)),
    CONSTRAINT approved_is_what_was_written CHECK (approved_hash = content_hash),
    CONSTRAINT nothing_moves_unapproved CHECK (
        stage IN ('draft', 'submitted', 'cancelled') OR approver_id IS NOT NULL),
    CONSTRAINT frozen_before_sending CHECK (
        stage NOT IN ('sending', 'paused', 'finished', 'recalled') OR frozen_at IS NOT NULL),
    CONSTRAINT frozen_is_counted CHECK ((frozen_at IS NULL) = (targets IS NULL))
);
CREATE INDEX broadcast_newest ON broadcast (organisation_id, created_at DESC, id DESC);
CREATE INDEX broadcast_live ON broadcast (organisation_id, stage)
    WHERE stage IN ('approved', 'sending', 'paused');
CALL seal('broadcast', 'SELECT, INSERT, UPDATE');

CREATE TABLE broadcast_text (
    organisation_id integer NOT NULL,
    broadcast_id    uuid NOT NULL,
    language        text NOT NULL,
    body            text NOT NULL,
    PRIMARY KEY (organisation_id, broadcast_id, language),
    FOREIGN KEY (organisation_id, broadcast_id) REFERENCES broadcast,
    CONSTRAINT language_is_known CHECK (language IN ('hi', 'en')),
    CONSTRAINT text_is_there     CHECK (body <> '' AND length(body) <= 10000)
);
CALL seal('broadcast_text', 'SELECT, INSERT, UPDATE, DELETE');

-- One broadcast for one group. `attempts` is the fencing token of a lease. `branch_id` is the
-- unit of the second level above the group, for the picture by division. `doubtful_since` is when
-- an answer was first lost: a channel remembers keys only for a while, and after that the send
-- may not be repeated.
CREATE TABLE delivery (
    organisation_id integer NOT NULL,
    id              bigint GENERATED ALWAYS AS IDENTITY,
    broadcast_id    uuid NOT NULL,
    group_id        uuid NOT NULL,
    sender_id       uuid,
    branch_id       uuid NOT NULL,
    language        text NOT NULL,
    state           delivery_state NOT NULL DEFAULT 'queued',
    evidence        smallint NOT NULL DEFAULT 0,
    attempts        integer NOT NULL DEFAULT 0,
    due_at          timestamptz NOT NULL,
    lease_until     timestamptz,
    doubtful_since  timestamptz,
    provider_ref    text,
    failure         text,
    sent_at         timestamptz,
    evidence_at     timestamptz,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, broadcast_id, group_id),
    FOREIGN KEY (organisation_id, broadcast_id) REFERENCES broadcast,
    CONSTRAINT leased_only_while_sending CHECK ((state = 'sending') = (lease_until IS NOT NULL)),
    CONSTRAINT sent_is_evident           CHECK (state <> 'sent' OR (evidence >= 1 AND sent_at IS NOT NULL)),
    CONSTRAINT refused_says_why          CHECK (state <> 'refused' OR failure IS NOT NULL),
    CONSTRAINT tasked_is_by_hand         CHECK (state <> 'tasked' OR sender_id IS NULL),
    CONSTRAINT evidence_is_on_the_ladder CHECK (evidence BETWEEN 0 AND 5)
);
CREATE INDEX delivery_queued ON delivery (organisation_id, sender_id, broadcast_id, id)
    WHERE state = 'queued';
CREATE INDEX delivery_leased ON delivery (organisation_id, lease_until) WHERE state = 'sending';
CREATE INDEX delivery_ref ON delivery (organisation_id, sender_id, provider_ref)
    WHERE provider_ref IS NOT NULL;
CREATE INDEX delivery_group ON delivery (organisation_id, group_id, id DESC);
CALL seal('delivery', 'SELECT, INSERT, UPDATE');

CREATE FUNCTION evidence_never_falls() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'evidence of delivery % would fall from % to %', OLD.id, OLD.evidence, NEW.evidence;
END
$$;
CREATE TRIGGER delivery_evidence BEFORE UPDATE ON delivery
    FOR EACH ROW WHEN (NEW.evidence < OLD.evidence) EXECUTE FUNCTION evidence_never_falls();

-- Counters are treated like money: each statement that writes deliveries adds its own deltas,
-- in its own transaction. Reading is a sum; folding keeps the sum short.
CREATE TABLE tally (
    organisation_id integer NOT NULL,
    broadcast_id    uuid NOT NULL,
    branch_id       uuid NOT NULL,
    state           delivery_state NOT NULL,
    evidence        smallint NOT NULL,
    targets         integer NOT NULL
);
CREATE INDEX tally_broadcast ON tally (organisation_id, broadcast_id);
CALL seal('tally', 'SELECT, INSERT, DELETE');

CREATE FUNCTION tally_born() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tally (organisation_id, broadcast_id, branch_id, state, evidence, targets)
    SELECT organisation_id, broadcast_id, branch_id, state, evidence, count(*)
      FROM after GROUP BY 1, 2, 3, 4, 5;
    RETURN NULL;
END
$$;
CREATE TRIGGER delivery_born AFTER INSERT ON delivery
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION tally_born();

CREATE FUNCTION tally_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tally (organisation_id, broadcast_id, branch_id, state, evidence, targets)
    SELECT organisation_id, broadcast_id, branch_id, state, evidence, sum(moved)
      FROM (SELECT organisation_id, broadcast_id, branch_id, state, evidence, 1 AS moved FROM after
            UNION ALL
            SELECT organisation_id, broadcast_id, branch_id, state, evidence, -1 FROM before) AS moves
     GROUP BY 1, 2, 3, 4, 5
    HAVING sum(moved) <> 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER delivery_moved AFTER UPDATE ON delivery
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION tally_moved();

-- A provider's word on a send that we don't know yet waits here until the send is known.
CREATE TABLE orphan_status (
    organisation_id integer NOT NULL REFERENCES organisation,
    sender_id       uuid NOT NULL,
    provider_ref    text NOT NULL,
    evidence        smallint NOT NULL,
    failure         text,
    at              timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, sender_id, provider_ref)
);
CALL seal('orphan_status', 'SELECT, INSERT, UPDATE, DELETE');

-- Silence before a poll, by unit. The claim compares it with the latest moment at which the
-- message could still arrive (RPA 1951 s.126; ECI 2024).
CREATE TABLE silence (
    organisation_id integer NOT NULL,
    id              uuid NOT NULL,
    unit_id         uuid NOT NULL,
    starts_at       timestamptz NOT NULL,
    ends_at         timestamptz NOT NULL,
    source          text NOT NULL,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, unit_id) REFERENCES unit,
    CONSTRAINT silence_has_length CHECK (ends_at > starts_at)
);
CALL seal('silence', 'SELECT, INSERT');
