-- An area that somebody has stopped: nothing goes into it, or nothing about an election, until the
-- stop is lifted. A unit that leaves the area takes the stop along, with the `order_id` of the first.
CREATE TABLE area_freeze (
    organisation_id integer NOT NULL,
    id              uuid NOT NULL,
    order_id        uuid NOT NULL,
    unit_id         uuid NOT NULL,
    everything      boolean NOT NULL,
    reason          text NOT NULL,
    ordered_by      uuid NOT NULL,
    ordered_label   text NOT NULL,
    since           timestamptz NOT NULL,
    lifted_by       uuid,
    lifted_label    text,
    lifted_at       timestamptz,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, unit_id) REFERENCES unit,
    FOREIGN KEY (organisation_id, ordered_by) REFERENCES account,
    FOREIGN KEY (organisation_id, lifted_by) REFERENCES account,
    CONSTRAINT freeze_has_a_reason CHECK (reason <> '' AND length(reason) <= 300),
    CONSTRAINT lifting_is_whole CHECK (
        (lifted_by IS NULL) = (lifted_at IS NULL) AND (lifted_by IS NULL) = (lifted_label IS NULL))
);
CREATE INDEX area_freeze_order ON area_freeze (organisation_id, order_id);
CREATE INDEX area_freeze_now ON area_freeze (organisation_id) WHERE lifted_at IS NULL;
CALL seal('area_freeze', 'SELECT, INSERT');
GRANT UPDATE (lifted_by, lifted_label, lifted_at) ON area_freeze TO chaupal_program;

CREATE OR REPLACE VIEW stillness WITH (security_invoker = true) AS
SELECT q.organisation_id, q.id, 'silence' AS why, q.unit_id, area.path, area.path_end,
       q.starts_at, q.ends_at, false AS everything, true AS reaches_up, q.poll_id
  FROM silence q
  JOIN unit area ON area.organisation_id = q.organisation_id AND area.id = q.unit_id
 WHERE q.lifted_at IS NULL
UNION ALL
SELECT f.organisation_id, f.id, 'freeze', f.unit_id, area.path, area.path_end,
       f.since, 'infinity', f.everything, false, NULL
  FROM area_freeze f
  JOIN unit area ON area.organisation_id = f.organisation_id AND area.id = f.unit_id
 WHERE f.lifted_at IS NULL;

CREATE FUNCTION freeze_moves() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO public.area_freeze (organisation_id, id, order_id, unit_id, everything, reason,
                                    ordered_by, ordered_label, since)
    SELECT a.organisation_id, gen_random_uuid(), f.order_id, a.id, f.everything, f.reason,
           f.ordered_by, f.ordered_label, f.since
      FROM before b
      JOIN after a ON a.organisation_id = b.organisation_id AND a.id = b.id
      JOIN public.unit area ON area.organisation_id = b.organisation_id
       AND area.number = ANY(string_to_array(trim(BOTH '/' FROM b.path), '/')::integer[])
       AND area.number <> ALL(string_to_array(trim(BOTH '/' FROM a.path), '/')::integer[])
      JOIN public.area_freeze f ON f.organisation_id = area.organisation_id AND f.unit_id = area.id
       AND f.lifted_at IS NULL
     WHERE a.parent_id IS DISTINCT FROM b.parent_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER freeze_moves AFTER UPDATE ON unit
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION freeze_moves();

CREATE FUNCTION freeze_is_inherited() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO public.area_freeze (organisation_id, id, order_id, unit_id, everything, reason,
                                    ordered_by, ordered_label, since)
    SELECT a.organisation_id, gen_random_uuid(), f.order_id, heir.id, f.everything, f.reason,
           f.ordered_by, f.ordered_label, f.since
      FROM after a
      JOIN public.unit gone ON gone.organisation_id = a.organisation_id AND gone.id = a.from_id
      JOIN public.unit heir ON heir.organisation_id = a.organisation_id AND heir.id = a.to_id
      JOIN public.unit area ON area.organisation_id = a.organisation_id
       AND area.number = ANY(string_to_array(trim(BOTH '/' FROM gone.path), '/')::integer[])
       AND area.number <> ALL(string_to_array(trim(BOTH '/' FROM heir.path), '/')::integer[])
      JOIN public.area_freeze f ON f.organisation_id = area.organisation_id AND f.unit_id = area.id
       AND f.lifted_at IS NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER freeze_is_inherited AFTER INSERT ON unit_succession
    REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION freeze_is_inherited();
