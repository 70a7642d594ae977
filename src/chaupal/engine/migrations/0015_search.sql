-- Finding people, groups and units by name, however it is spelt.
--
-- `search_key` of a row holds the words of its name as they sound (kit/sound.py makes it), forms
-- of the same name apart by '|'. Here each form stands once for each of its words, turned so that
-- the word comes first: 'ram lal' and 'lal ram'. Whatever word somebody begins with, what they
-- typed is then the beginning of a key, and the first hits are one range of one index.
-- Only the triggers below write here.

-- `kind` is u for units, g for groups, p for people. Not an enum: PostgreSQL looks up an enum only
-- behind row-level security, not in the index, since comparing enums might leak.
CREATE TABLE search_entry (
    organisation_id integer NOT NULL,
    kind            "char" NOT NULL,
    key             text COLLATE "C" NOT NULL,
    subject_id      uuid NOT NULL,
    unit_id         uuid NOT NULL,
    PRIMARY KEY (organisation_id, kind, key, subject_id) INCLUDE (unit_id)
);
CALL seal('search_entry', 'SELECT');
-- The units of a part of the tree, read from the index alone.
CREATE INDEX unit_places ON unit (organisation_id, path) INCLUDE (id);

CREATE FUNCTION search_turns(search_key text) RETURNS SETOF text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT DISTINCT array_to_string(words[turn:] || words[:turn - 1], ' ')
      FROM (SELECT words, generate_subscripts(words, 1) AS turn
              FROM (SELECT string_to_array(form, ' ') AS words
                      FROM (SELECT unnest(string_to_array(search_key, '|')) AS form) AS forms
                   ) AS split) AS turns;
END;

-- The triggers below write in the order of the index, each of its pages once a statement, and turn
-- a name once however many have it. Their plans are kept from one call to the next, and a join that
-- was right for one row would take hours for a million: so nothing is joined in a nested loop there,
-- old and new are compared as sets, and what is taken out is looked up by its key.

-- For units, which are found at themselves.
CREATE FUNCTION unit_found() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
    SET enable_nestloop = off AS $$
BEGIN
    INSERT INTO public.search_entry (organisation_id, kind, key, subject_id, unit_id)
    SELECT a.organisation_id, TG_ARGV[0]::"char", keys.turn, a.id, a.id
      FROM (SELECT key.search_key, turn
              FROM (SELECT DISTINCT search_key FROM after) AS key
             CROSS JOIN LATERAL public.search_turns(key.search_key) AS turn) AS keys
      JOIN after a ON a.search_key = keys.search_key
     ORDER BY keys.turn COLLATE "C", a.id;
    RETURN NULL;
END
$$;
CREATE FUNCTION unit_found_anew() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    DELETE FROM public.search_entry e
     USING (SELECT organisation_id, id, search_key FROM before
            EXCEPT SELECT organisation_id, id, search_key FROM after) AS b
     CROSS JOIN LATERAL public.search_turns(b.search_key) AS turn
     WHERE e.organisation_id = b.organisation_id AND e.kind = TG_ARGV[0]::"char"
       AND e.key = turn AND e.subject_id = b.id;
    INSERT INTO public.search_entry (organisation_id, kind, key, subject_id, unit_id)
    SELECT a.organisation_id, TG_ARGV[0]::"char", turn, a.id, a.id
      FROM (SELECT organisation_id, id, search_key FROM after
            EXCEPT SELECT organisation_id, id, search_key FROM before) AS a
     CROSS JOIN LATERAL public.search_turns(a.search_key) AS turn
     ORDER BY turn COLLATE "C", a.id;
    RETURN NULL;
END
$$;

-- For people and groups, which are found at their unit.
CREATE FUNCTION subject_found() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
    SET enable_nestloop = off AS $$
BEGIN
    INSERT INTO public.search_entry (organisation_id, kind, key, subject_id, unit_id)
    SELECT a.organisation_id, TG_ARGV[0]::"char", keys.turn, a.id, a.unit_id
      FROM (SELECT key.search_key, turn
              FROM (SELECT DISTINCT search_key FROM after) AS key
             CROSS JOIN LATERAL public.search_turns(key.search_key) AS turn) AS keys
      JOIN after a ON a.search_key = keys.search_key
     ORDER BY keys.turn COLLATE "C", a.id;
    RETURN NULL;
END
$$;
CREATE FUNCTION subject_found_anew() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    DELETE FROM public.search_entry e
     USING (SELECT organisation_id, id, unit_id, search_key FROM before
            EXCEPT SELECT organisation_id, id, unit_id, search_key FROM after) AS b
     CROSS JOIN LATERAL public.search_turns(b.search_key) AS turn
     WHERE e.organisation_id = b.organisation_id AND e.kind = TG_ARGV[0]::"char"
       AND e.key = turn AND e.subject_id = b.id;
    INSERT INTO public.search_entry (organisation_id, kind, key, subject_id, unit_id)
    SELECT a.organisation_id, TG_ARGV[0]::"char", turn, a.id, a.unit_id
      FROM (SELECT organisation_id, id, unit_id, search_key FROM after
            EXCEPT SELECT organisation_id, id, unit_id, search_key FROM before) AS a
     CROSS JOIN LATERAL public.search_turns(a.search_key) AS turn
     ORDER BY turn COLLATE "C", a.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER unit_found AFTER INSERT ON unit
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION unit_found('u');
CREATE TRIGGER unit_found_anew AFTER UPDATE ON unit
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION unit_found_anew('u');
CREATE TRIGGER chat_group_found AFTER INSERT ON chat_group
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION subject_found('g');
CREATE TRIGGER chat_group_found_anew AFTER UPDATE ON chat_group
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION subject_found_anew('g');
CREATE TRIGGER person_found AFTER INSERT ON person
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION subject_found('p');
CREATE TRIGGER person_found_anew AFTER UPDATE ON person
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION subject_found_anew('p');

ALTER TABLE search_entry NO FORCE ROW LEVEL SECURITY;
ALTER TABLE unit NO FORCE ROW LEVEL SECURITY;
ALTER TABLE chat_group NO FORCE ROW LEVEL SECURITY;
ALTER TABLE person NO FORCE ROW LEVEL SECURITY;
INSERT INTO search_entry (organisation_id, kind, key, subject_id, unit_id)
SELECT organisation_id, 'u'::"char", turn, id, id FROM unit, search_turns(search_key) AS turn
UNION
SELECT organisation_id, 'g'::"char", turn, id, unit_id FROM chat_group, search_turns(search_key) AS turn
UNION
SELECT organisation_id, 'p'::"char", turn, id, unit_id FROM person, search_turns(search_key) AS turn;
ALTER TABLE search_entry FORCE ROW LEVEL SECURITY;
ALTER TABLE unit FORCE ROW LEVEL SECURITY;
ALTER TABLE chat_group FORCE ROW LEVEL SECURITY;
ALTER TABLE person FORCE ROW LEVEL SECURITY;

-- Imports bring the keys along.
ALTER TABLE staged_unit   ADD COLUMN search_key text;
ALTER TABLE staged_person ADD COLUMN search_key text;
ALTER TABLE staged_group  ADD COLUMN search_key text;
