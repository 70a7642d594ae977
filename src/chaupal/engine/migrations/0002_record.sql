-- The record: audit log and outbox in one. Every change of state stands here, written by the
-- transaction that made it. Numbers are dense and each row carries the hash of the one before,
-- so a row that was changed or taken out shows; nobody is granted UPDATE or DELETE, and a
-- trigger refuses even the owner.
--
-- Appending takes a lock of the organisation until commit, so actions append last. The hot
-- path writes one row a batch. In return a reader may follow `number > cursor` and never steps
-- over a transaction that commits late.

CREATE TABLE record (
    organisation_id integer NOT NULL REFERENCES organisation,
    number          bigint NOT NULL,
    at              timestamptz NOT NULL,
    actor_id        uuid NOT NULL,
    actor_label     text NOT NULL,
    kind            text NOT NULL,
    subject         text NOT NULL,
    facts           jsonb NOT NULL DEFAULT '{}',
    previous_hash   bytea NOT NULL,
    hash            bytea NOT NULL,
    PRIMARY KEY (organisation_id, number),
    CONSTRAINT kind_is_a_dotted_word CHECK (kind ~ '^[a-z_]+\.[a-z_]+$'),
    CONSTRAINT facts_are_small       CHECK (octet_length(facts::text) <= 16384)
);
CREATE INDEX record_subject ON record (organisation_id, subject, number);

CREATE FUNCTION record_hash(r public.record) RETURNS bytea
    LANGUAGE sql IMMUTABLE
    RETURN sha256((r).previous_hash || convert_to(
        jsonb_build_array((r).organisation_id, (r).number,
            to_char((r).at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
            (r).actor_id, (r).actor_label, (r).kind, (r).subject, (r).facts)::text, 'UTF8'));

CREATE FUNCTION record_chain() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('chaupal.record', NEW.organisation_id));
    SELECT number + 1, hash INTO NEW.number, NEW.previous_hash
      FROM record WHERE organisation_id = NEW.organisation_id
     ORDER BY number DESC LIMIT 1;
    NEW.number        := coalesce(NEW.number, 1);
    NEW.previous_hash := coalesce(NEW.previous_hash, sha256(convert_to('chaupal', 'UTF8')));
    NEW.hash          := record_hash(NEW);
    RETURN NEW;
END
$$;
CREATE TRIGGER record_chained BEFORE INSERT ON record
    FOR EACH ROW EXECUTE FUNCTION record_chain();

CREATE FUNCTION record_is_append_only() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the record can only be added to';
END
$$;
CREATE TRIGGER record_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON record
    FOR EACH STATEMENT EXECUTE FUNCTION record_is_append_only();

CALL seal('record', 'SELECT, INSERT');

-- One row for each write that somebody asked for: the same key asked again gets the first
-- answer, and does nothing.
CREATE TABLE idempotency (
    organisation_id integer NOT NULL REFERENCES organisation,
    actor_id        uuid NOT NULL,
    key             text NOT NULL,
    request_hash    bytea NOT NULL,
    answer          text NOT NULL,
    at              timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, actor_id, key),
    CONSTRAINT key_is_short CHECK (length(key) BETWEEN 8 AND 100)
);
CREATE INDEX idempotency_age ON idempotency (organisation_id, at);
CALL seal('idempotency', 'SELECT, INSERT, DELETE');
