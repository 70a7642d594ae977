-- Broadcasts to people themselves: a delivery goes to a group, or to a person at an address of
-- theirs. `via` are the channels on which people are written to, in the order in which they are
-- tried for each; a broadcast with none is for groups.

ALTER TABLE broadcast
    ADD COLUMN via text[] NOT NULL DEFAULT '{}',
    ADD CONSTRAINT via_is_short CHECK (cardinality(via) <= 5);

ALTER TABLE delivery
    ADD COLUMN person_id  uuid,
    ADD COLUMN contact_id bigint,
    ALTER COLUMN group_id DROP NOT NULL,
    ADD CONSTRAINT one_target CHECK (
        (group_id IS NULL) <> (person_id IS NULL) AND (person_id IS NULL) = (contact_id IS NULL)),
    ADD CONSTRAINT people_are_written_to_by_a_sender CHECK (person_id IS NULL OR sender_id IS NOT NULL),
    DROP CONSTRAINT delivery_organisation_id_broadcast_id_group_id_key;
CREATE UNIQUE INDEX one_delivery_a_group ON delivery (organisation_id, broadcast_id, group_id)
    WHERE group_id IS NOT NULL;
-- A person's own deliveries are found by the same key, newest last.
CREATE UNIQUE INDEX one_delivery_a_person ON delivery (organisation_id, person_id, broadcast_id)
    WHERE person_id IS NOT NULL;
DROP INDEX delivery_group;
CREATE INDEX delivery_group ON delivery (organisation_id, group_id, id DESC)
    WHERE group_id IS NOT NULL;

-- What has to wait is not looked at again before its time.
DROP INDEX delivery_queued;
CREATE INDEX delivery_queued ON delivery (organisation_id, sender_id, broadcast_id, due_at, id)
    WHERE state = 'queued';

-- Five million deliveries look their broadcast and their people up once a statement (decision 0028):
-- broadcasts stay as people do, and no delivery changes what it is about.
CREATE TRIGGER broadcast_stays BEFORE DELETE OR TRUNCATE ON broadcast
    FOR EACH STATEMENT EXECUTE FUNCTION stays();
CREATE TRIGGER broadcast_keeps_its_key BEFORE UPDATE OF organisation_id, id ON broadcast
    FOR EACH ROW WHEN ((OLD.organisation_id, OLD.id) IS DISTINCT FROM (NEW.organisation_id, NEW.id))
    EXECUTE FUNCTION stays();
CREATE TRIGGER delivery_keeps_its_target BEFORE UPDATE OF organisation_id, broadcast_id, group_id,
    person_id, contact_id ON delivery FOR EACH ROW
    WHEN ((OLD.organisation_id, OLD.broadcast_id, OLD.group_id, OLD.person_id, OLD.contact_id)
          IS DISTINCT FROM
          (NEW.organisation_id, NEW.broadcast_id, NEW.group_id, NEW.person_id, NEW.contact_id))
    EXECUTE FUNCTION stays();

CREATE OR REPLACE FUNCTION tally_born() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lost boolean;
BEGIN
    WITH born AS (
        INSERT INTO tally (organisation_id, broadcast_id, branch_id, state, evidence, targets)
        SELECT organisation_id, broadcast_id, branch_id, state, evidence, count(*)
          FROM after GROUP BY 1, 2, 3, 4, 5
        RETURNING organisation_id, broadcast_id
    )
    SELECT EXISTS (SELECT FROM born
                    WHERE NOT EXISTS (SELECT FROM broadcast b
                                       WHERE b.organisation_id = born.organisation_id
                                         AND b.id = born.broadcast_id)) INTO lost;
    IF lost THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'a delivery belongs to a broadcast of its organisation',
            TABLE = 'delivery', CONSTRAINT = 'delivery_has_a_broadcast';
    END IF;
    -- Planned anew each time: for a handful by their keys, for millions in one pass.
    EXECUTE 'SELECT EXISTS (SELECT FROM after a'
            ' WHERE a.person_id IS NOT NULL'
            '   AND NOT EXISTS (SELECT FROM person p WHERE p.organisation_id = a.organisation_id'
            '                                          AND p.id = a.person_id))' INTO lost;
    IF lost THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'a delivery goes to a person of its organisation',
            TABLE = 'delivery', CONSTRAINT = 'delivery_has_a_person';
    END IF;
    RETURN NULL;
END
$$;
ALTER TABLE delivery DROP CONSTRAINT delivery_organisation_id_broadcast_id_fkey;
