-- The tree has a history. `unit` is what holds today, since `since`; `unit_past` is what held
-- before; so which unit belonged where on which day can always be answered. A day of '0001-01-01'
-- means: for as long as we know.

ALTER TABLE unit
    ADD COLUMN since      date NOT NULL DEFAULT '0001-01-01',
    ADD COLUMN ended_on   date,
    ADD COLUMN search_key text,
    ADD CONSTRAINT unit_ends_after_it_began CHECK (ended_on >= since);
-- The owner of the tables is held by row-level security too, except while it fills a new column.
ALTER TABLE unit NO FORCE ROW LEVEL SECURITY;
UPDATE unit SET search_key = lower(name_hi) || '|' || lower(name_en);
ALTER TABLE unit FORCE ROW LEVEL SECURITY;
ALTER TABLE unit ALTER COLUMN search_key SET NOT NULL,
    ADD CONSTRAINT unit_can_be_searched CHECK (search_key <> '' AND length(search_key) <= 700);

-- `until` is the first day on which something else held.
CREATE TABLE unit_past (
    organisation_id integer NOT NULL,
    unit_id         uuid NOT NULL,
    since           date NOT NULL,
    until           date NOT NULL,
    parent_id       uuid,
    level_rank      smallint NOT NULL,
    name_hi         text NOT NULL,
    name_en         text NOT NULL,
    PRIMARY KEY (organisation_id, unit_id, since),
    FOREIGN KEY (organisation_id, unit_id) REFERENCES unit,
    FOREIGN KEY (organisation_id, parent_id) REFERENCES unit,
    CONSTRAINT past_has_length CHECK (until > since)
);
CREATE INDEX unit_past_parent ON unit_past (organisation_id, parent_id);
CALL seal('unit_past', 'SELECT, INSERT');

-- What became of a unit that ended, and where a new one came from.
CREATE TYPE succession AS ENUM ('merged', 'split');
CREATE TABLE unit_succession (
    organisation_id integer NOT NULL,
    from_id         uuid NOT NULL,
    to_id           uuid NOT NULL,
    kind            succession NOT NULL,
    on_day          date NOT NULL,
    PRIMARY KEY (organisation_id, from_id, to_id, on_day),
    FOREIGN KEY (organisation_id, from_id) REFERENCES unit,
    FOREIGN KEY (organisation_id, to_id) REFERENCES unit,
    CONSTRAINT succeeds_another CHECK (from_id <> to_id)
);
CREATE INDEX unit_succession_to ON unit_succession (organisation_id, to_id);
CALL seal('unit_succession', 'SELECT, INSERT');

-- What a page counts is the tree of today.
CREATE INDEX unit_today ON unit (organisation_id, path) WHERE ended_on IS NULL;

-- A broadcast remembers at which units its author stood, not where those hung: a unit that moves
-- keeps its authors' broadcasts.
ALTER TABLE broadcast ADD COLUMN author_units uuid[];
ALTER TABLE broadcast NO FORCE ROW LEVEL SECURITY;
ALTER TABLE unit NO FORCE ROW LEVEL SECURITY;
UPDATE broadcast b
   SET author_units = ARRAY(SELECT u.id FROM unit u WHERE u.organisation_id = b.organisation_id
                               AND u.path = ANY(b.author_paths) ORDER BY u.path);
ALTER TABLE broadcast FORCE ROW LEVEL SECURITY;
ALTER TABLE unit FORCE ROW LEVEL SECURITY;
ALTER TABLE broadcast
    ALTER COLUMN author_units SET NOT NULL,
    DROP COLUMN author_paths,
    ADD CONSTRAINT author_stood_somewhere CHECK (author_units <> '{}');

-- No text reaches a polling area inside its silence, whatever becomes of the tree meanwhile: a
-- unit that leaves an area takes the area's silences along, and so do a unit's successors.
CREATE FUNCTION silence_moves() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO public.silence (organisation_id, id, unit_id, starts_at, ends_at, source)
    SELECT a.organisation_id, gen_random_uuid(), a.id, q.starts_at, q.ends_at, q.source
      FROM before b
      JOIN after a ON a.organisation_id = b.organisation_id AND a.id = b.id
      JOIN public.unit area ON area.organisation_id = b.organisation_id
       AND area.number = ANY(string_to_array(trim(BOTH '/' FROM b.path), '/')::integer[])
       AND area.number <> ALL(string_to_array(trim(BOTH '/' FROM a.path), '/')::integer[])
      JOIN public.silence q ON q.organisation_id = area.organisation_id AND q.unit_id = area.id
     WHERE a.parent_id IS DISTINCT FROM b.parent_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER silence_moves AFTER UPDATE ON unit
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION silence_moves();

CREATE FUNCTION silence_is_inherited() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO public.silence (organisation_id, id, unit_id, starts_at, ends_at, source)
    SELECT a.organisation_id, gen_random_uuid(), heir.id, q.starts_at, q.ends_at, q.source
      FROM after a
      JOIN public.unit gone ON gone.organisation_id = a.organisation_id AND gone.id = a.from_id
      JOIN public.unit heir ON heir.organisation_id = a.organisation_id AND heir.id = a.to_id
      JOIN public.unit area ON area.organisation_id = a.organisation_id
       AND area.number = ANY(string_to_array(trim(BOTH '/' FROM gone.path), '/')::integer[])
       AND area.number <> ALL(string_to_array(trim(BOTH '/' FROM heir.path), '/')::integer[])
      JOIN public.silence q ON q.organisation_id = area.organisation_id AND q.unit_id = area.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER silence_is_inherited AFTER INSERT ON unit_succession
    REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION silence_is_inherited();
