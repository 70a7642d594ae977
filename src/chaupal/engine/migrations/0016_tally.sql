-- How many people and groups a unit and everything below it have, without counting them.
--
-- Counters are treated like money: each statement that adds, moves or ends people and groups
-- writes its deltas for the unit and for every unit above it. Reading is a sum, folding keeps the
-- sum short. Moving a unit shifts its sum from the old line to the new one; the move holds the
-- rows of its units, and whoever adds to one of them holds it as well, so neither misses the other.

CREATE TABLE unit_tally (
    organisation_id integer NOT NULL,
    unit_id         uuid NOT NULL,
    people          integer NOT NULL DEFAULT 0,
    internal_groups integer NOT NULL DEFAULT 0,
    public_groups   integer NOT NULL DEFAULT 0
);
CREATE INDEX unit_tally_unit ON unit_tally (organisation_id, unit_id);
CALL seal('unit_tally', 'SELECT, INSERT, DELETE');

-- The unit at the end of a path, and every unit above it.
CREATE FUNCTION numbers_above(path text) RETURNS integer[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN string_to_array(trim(BOTH '/' FROM path), '/')::integer[];

-- The unit of a person is a key that is looked up here, once for each unit that a statement touches
-- and not once for each person (decision 0028).
CREATE FUNCTION hold_units(owners integer[], units uuid[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    held bigint;
BEGIN
    PERFORM FROM public.unit u
      WHERE (u.organisation_id, u.id) IN (SELECT * FROM unnest(owners, units))
        FOR KEY SHARE;
    GET DIAGNOSTICS held = ROW_COUNT;
    IF held < cardinality(units) THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'a person belongs to a unit of their organisation',
            TABLE = 'person', CONSTRAINT = 'person_has_a_unit';
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION hold_units(integer[], uuid[]) FROM PUBLIC;

CREATE FUNCTION people_born() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    owners integer[];
    units  uuid[];
    born   integer[];
BEGIN
    SELECT array_agg(organisation_id), array_agg(unit_id), array_agg(people)
      INTO owners, units, born
      FROM (SELECT organisation_id, unit_id,
                   count(*) FILTER (WHERE erased_at IS NULL)::integer AS people
              FROM after GROUP BY 1, 2) AS own;
    IF units IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM public.hold_units(owners, units);
    INSERT INTO public.unit_tally (organisation_id, unit_id, people)
    SELECT own.organisation_id, above.id, sum(own.people)
      FROM unnest(owners, units, born) AS own (organisation_id, unit_id, people)
      JOIN public.unit u ON u.organisation_id = own.organisation_id AND u.id = own.unit_id
     CROSS JOIN LATERAL unnest(public.numbers_above(u.path)) AS line (number)
      JOIN public.unit above ON above.organisation_id = own.organisation_id
                            AND above.number = line.number
     GROUP BY 1, 2
    HAVING sum(own.people) <> 0;
    RETURN NULL;
END
$$;
CREATE FUNCTION people_moved() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    owners integer[];
    units  uuid[];
    moved  integer[];
BEGIN
    SELECT array_agg(organisation_id), array_agg(unit_id), array_agg(people)
      INTO owners, units, moved
      FROM (SELECT organisation_id, unit_id, sum(people)::integer AS people
              FROM (SELECT organisation_id, unit_id, 1 AS rows,
                           (erased_at IS NULL)::integer AS people FROM after
                    UNION ALL
                    SELECT organisation_id, unit_id, -1,
                           -(erased_at IS NULL)::integer FROM before) AS moves
             GROUP BY 1, 2 HAVING sum(people) <> 0 OR sum(rows) > 0) AS own;
    IF units IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM public.hold_units(owners, units);
    INSERT INTO public.unit_tally (organisation_id, unit_id, people)
    SELECT own.organisation_id, above.id, sum(own.people)
      FROM unnest(owners, units, moved) AS own (organisation_id, unit_id, people)
      JOIN public.unit u ON u.organisation_id = own.organisation_id AND u.id = own.unit_id
     CROSS JOIN LATERAL unnest(public.numbers_above(u.path)) AS line (number)
      JOIN public.unit above ON above.organisation_id = own.organisation_id
                            AND above.number = line.number
     GROUP BY 1, 2
    HAVING sum(own.people) <> 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER person_born AFTER INSERT ON person
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION people_born();
CREATE TRIGGER person_moved AFTER UPDATE ON person
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION people_moved();

CREATE FUNCTION groups_born() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO public.unit_tally (organisation_id, unit_id, internal_groups, public_groups)
    SELECT own.organisation_id, above.id, coalesce(sum(own.internal), 0), coalesce(sum(own.public), 0)
      FROM (SELECT organisation_id, unit_id, count(*) FILTER (WHERE purpose = 'internal') AS internal,
                   count(*) FILTER (WHERE purpose = 'public') AS public
              FROM after WHERE archived_at IS NULL GROUP BY 1, 2) AS own
      JOIN public.unit u ON u.organisation_id = own.organisation_id AND u.id = own.unit_id
     CROSS JOIN LATERAL unnest(public.numbers_above(u.path)) AS line (number)
      JOIN public.unit above ON above.organisation_id = own.organisation_id
                            AND above.number = line.number
     GROUP BY 1, 2;
    RETURN NULL;
END
$$;
CREATE FUNCTION groups_moved() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    owners   integer[];
    units    uuid[];
    internal integer[];
    public_  integer[];
BEGIN
    SELECT array_agg(own.organisation_id), array_agg(own.unit_id), array_agg(own.internal),
           array_agg(own.public)
      INTO owners, units, internal, public_
      FROM (SELECT organisation_id, unit_id,
                   coalesce(sum(moved) FILTER (WHERE purpose = 'internal'), 0)::integer AS internal,
                   coalesce(sum(moved) FILTER (WHERE purpose = 'public'), 0)::integer AS public
              FROM (SELECT organisation_id, unit_id, purpose, 1 AS moved
                      FROM after WHERE archived_at IS NULL
                    UNION ALL
                    SELECT organisation_id, unit_id, purpose, -1
                      FROM before WHERE archived_at IS NULL) AS moves
             GROUP BY 1, 2) AS own
     WHERE own.internal <> 0 OR own.public <> 0;
    IF units IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM FROM public.unit u
      WHERE (u.organisation_id, u.id) IN (SELECT * FROM unnest(owners, units))
        FOR KEY SHARE;
    INSERT INTO public.unit_tally (organisation_id, unit_id, internal_groups, public_groups)
    SELECT own.organisation_id, above.id, sum(own.internal), sum(own.public)
      FROM unnest(owners, units, internal, public_)
           AS own (organisation_id, unit_id, internal, public)
      JOIN public.unit u ON u.organisation_id = own.organisation_id AND u.id = own.unit_id
     CROSS JOIN LATERAL unnest(public.numbers_above(u.path)) AS line (number)
      JOIN public.unit above ON above.organisation_id = own.organisation_id
                            AND above.number = line.number
     GROUP BY 1, 2
    HAVING sum(own.internal) <> 0 OR sum(own.public) <> 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER chat_group_born AFTER INSERT ON chat_group
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION groups_born();
CREATE TRIGGER chat_group_moved AFTER UPDATE ON chat_group
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION groups_moved();

ALTER TABLE unit_tally NO FORCE ROW LEVEL SECURITY;
ALTER TABLE unit NO FORCE ROW LEVEL SECURITY;
ALTER TABLE chat_group NO FORCE ROW LEVEL SECURITY;
ALTER TABLE person NO FORCE ROW LEVEL SECURITY;
INSERT INTO unit_tally (organisation_id, unit_id, people, internal_groups, public_groups)
SELECT above.organisation_id, above.id, sum(own.people), coalesce(sum(own.internal), 0), coalesce(sum(own.public), 0)
  FROM (SELECT organisation_id, unit_id, 1 AS people, 0 AS internal, 0 AS public
          FROM person WHERE erased_at IS NULL
        UNION ALL
        SELECT organisation_id, unit_id, 0, (purpose = 'internal')::integer, (purpose = 'public')::integer
          FROM chat_group WHERE archived_at IS NULL) AS own
  JOIN unit u ON u.organisation_id = own.organisation_id AND u.id = own.unit_id
 CROSS JOIN LATERAL unnest(numbers_above(u.path)) AS line (number)
  JOIN unit above ON above.organisation_id = own.organisation_id AND above.number = line.number
 GROUP BY 1, 2;
ALTER TABLE unit_tally FORCE ROW LEVEL SECURITY;
ALTER TABLE unit FORCE ROW LEVEL SECURITY;
ALTER TABLE chat_group FORCE ROW LEVEL SECURITY;
ALTER TABLE person FORCE ROW LEVEL SECURITY;
