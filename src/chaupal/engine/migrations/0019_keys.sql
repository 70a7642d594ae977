-- Keys that millions of rows of one statement share are looked up once a statement (decision 0028).
--
-- What makes this as safe as a foreign key: a person and a unit, once there, stay. Nobody deletes
-- one, not even the owner, and their keys never change; people are erased by blanking, units end by
-- a date. So a row that was found when something first pointed at it is there for ever.

CREATE FUNCTION stays() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE restrict_violation USING
        MESSAGE = format('rows of %I stay, with the key they have', TG_TABLE_NAME),
        TABLE = TG_TABLE_NAME;
END
$$;
CREATE TRIGGER person_stays BEFORE DELETE OR TRUNCATE ON person
    FOR EACH STATEMENT EXECUTE FUNCTION stays();
CREATE TRIGGER unit_stays BEFORE DELETE OR TRUNCATE ON unit
    FOR EACH STATEMENT EXECUTE FUNCTION stays();
CREATE TRIGGER person_keeps_its_key BEFORE UPDATE OF organisation_id, id ON person
    FOR EACH ROW WHEN ((OLD.organisation_id, OLD.id) IS DISTINCT FROM (NEW.organisation_id, NEW.id))
    EXECUTE FUNCTION stays();
CREATE TRIGGER unit_keeps_its_key BEFORE UPDATE OF organisation_id, id ON unit
    FOR EACH ROW WHEN ((OLD.organisation_id, OLD.id) IS DISTINCT FROM (NEW.organisation_id, NEW.id))
    EXECUTE FUNCTION stays();
CREATE TRIGGER contact_point_keeps_its_person BEFORE UPDATE OF organisation_id, person_id
    ON contact_point FOR EACH ROW
    WHEN ((OLD.organisation_id, OLD.person_id) IS DISTINCT FROM (NEW.organisation_id, NEW.person_id))
    EXECUTE FUNCTION stays();
CREATE TRIGGER consent_keeps_its_person BEFORE UPDATE OF organisation_id, person_id
    ON consent FOR EACH ROW
    WHEN ((OLD.organisation_id, OLD.person_id) IS DISTINCT FROM (NEW.organisation_id, NEW.person_id))
    EXECUTE FUNCTION stays();

-- Each person is looked up by their key, as a foreign key does it, however many there are: the plan
-- is kept from one call to the next, and one that reads the whole table must never be.
CREATE FUNCTION person_is_there() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT FROM after a
                WHERE NOT EXISTS (SELECT FROM public.person p
                                   WHERE p.organisation_id = a.organisation_id
                                     AND p.id = a.person_id)) THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('a row of %I belongs to a person of its organisation', TG_TABLE_NAME),
            TABLE = TG_TABLE_NAME, CONSTRAINT = TG_TABLE_NAME || '_has_a_person';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER contact_point_has_a_person AFTER INSERT ON contact_point
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION person_is_there();
CREATE TRIGGER consent_has_a_person AFTER INSERT ON consent
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION person_is_there();

ALTER TABLE contact_point DROP CONSTRAINT contact_point_organisation_id_person_id_fkey;
ALTER TABLE consent DROP CONSTRAINT consent_organisation_id_person_id_fkey;
ALTER TABLE person DROP CONSTRAINT person_organisation_id_unit_id_fkey;
