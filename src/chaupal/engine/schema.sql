-- Written by `python -m chaupal.engine.schema`: read it here, change it in migrations/.

CREATE TYPE public.broadcast_stage AS ENUM (
    'draft',
    'submitted',
    'approved',
    'sending',
    'paused',
    'finished',
    'cancelled',
    'recalled'
);

CREATE TYPE public.cluster_verdict AS ENUM (
    'false',
    'misleading',
    'unproven',
    'true'
);

CREATE TYPE public.consent_act AS ENUM (
    'given',
    'withdrawn'
);

CREATE TYPE public.delivery_state AS ENUM (
    'queued',
    'sending',
    'tasked',
    'sent',
    'refused',
    'unknown',
    'expired',
    'cancelled',
    'recalled'
);

CREATE TYPE public.group_purpose AS ENUM (
    'internal',
    'public'
);

CREATE TYPE public.import_stage AS ENUM (
    'uploading',
    'uploaded',
    'mapped',
    'checking',
    'checked',
    'ordered',
    'importing',
    'done',
    'failed',
    'cancelled'
);

CREATE TYPE public.lane AS ENUM (
    'urgent',
    'normal',
    'bulk'
);

CREATE TYPE public.organisation_type AS ENUM (
    'party',
    'union',
    'cooperative',
    'ngo'
);

CREATE TYPE public.post_role AS ENUM (
    'administrator',
    'coordinator',
    'desk',
    'office_bearer'
);

CREATE TYPE public.retraction_state AS ENUM (
    'waiting',
    'deleting',
    'deleted',
    'asked',
    'acknowledged',
    'impossible'
);

CREATE TYPE public.sighting_source AS ENUM (
    'operator',
    'export',
    'watch'
);

CREATE TYPE public.succession AS ENUM (
    'merged',
    'split'
);

CREATE TYPE public.telling AS ENUM (
    'queued',
    'telling',
    'told',
    'untellable',
    'unknown',
    'needless'
);

CREATE TYPE public.uuid_range AS RANGE (
    subtype = uuid,
    multirange_type_name = public.uuid_multirange
);

CREATE FUNCTION public.coverage_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
BEGIN
    INSERT INTO public.coverage_change (organisation_id)
    SELECT public.current_organisation() WHERE public.current_organisation() IS NOT NULL;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.current_organisation() RETURNS integer
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (NULLIF(current_setting('chaupal.organisation'::text, true), ''::text))::integer;

CREATE FUNCTION public.evidence_never_falls() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'evidence of delivery % would fall from % to %', OLD.id, OLD.evidence, NEW.evidence;
END
$$;

CREATE FUNCTION public.freeze_is_inherited() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
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

CREATE FUNCTION public.freeze_moves() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
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

CREATE FUNCTION public.groups_born() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
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

CREATE FUNCTION public.groups_moved() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
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

CREATE FUNCTION public.hold_units(owners integer[], units uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public'
    AS $$
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

CREATE FUNCTION public.measure_directory() RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$ANALYZE (SKIP_LOCKED) public.unit, public.person, public.contact_point, public.consent,
            public.chat_group, public.group_category, public.group_admin, public.post,
            public.membership, public.search_entry, public.unit_tally$$;

CREATE FUNCTION public.numbers_above(path text) RETURNS integer[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (string_to_array(TRIM(BOTH '/'::text FROM path), '/'::text))::integer[];

CREATE FUNCTION public.people_born() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
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

CREATE FUNCTION public.people_moved() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
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

CREATE FUNCTION public.person_is_there() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
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

CREATE FUNCTION public.purge_erased(due timestamp with time zone, batch integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
DECLARE
    purged uuid[];
BEGIN
    WITH gone AS (
        DELETE FROM public.erased_person e
         WHERE e.organisation_id = public.current_organisation()
           AND e.person_id IN (SELECT d.person_id FROM public.erased_person d
                                WHERE d.organisation_id = public.current_organisation()
                                  AND d.purge_after <= due
                                ORDER BY d.purge_after LIMIT batch)
        RETURNING e.person_id
    )
    SELECT coalesce(array_agg(person_id), '{}') INTO purged FROM gone;
    DELETE FROM public.consent
     WHERE organisation_id = public.current_organisation() AND person_id = ANY(purged);
    DELETE FROM public.membership
     WHERE organisation_id = public.current_organisation() AND person_id = ANY(purged);
    DELETE FROM public.suppressed_person
     WHERE organisation_id = public.current_organisation() AND person_id = ANY(purged);
    RETURN cardinality(purged);
END
$$;

CREATE FUNCTION public.record_chain() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE TABLE public.record (
    organisation_id integer NOT NULL,
    number bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor_id uuid NOT NULL,
    actor_label text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    facts jsonb DEFAULT '{}'::jsonb NOT NULL,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT facts_are_small CHECK ((octet_length((facts)::text) <= 16384)),
    CONSTRAINT kind_is_a_dotted_word CHECK ((kind ~ '^[a-z_]+\.[a-z_]+$'::text))
);

ALTER TABLE ONLY public.record FORCE ROW LEVEL SECURITY;

CREATE FUNCTION public.record_hash(r public.record) RETURNS bytea
    LANGUAGE sql IMMUTABLE
    RETURN sha256(((r).previous_hash || convert_to((jsonb_build_array((r).organisation_id, (r).number, to_char(((r).at AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD"T"HH24:MI:SS.US'::text), (r).actor_id, (r).actor_label, (r).kind, (r).subject, (r).facts))::text, 'UTF8'::name)));

CREATE FUNCTION public.record_is_append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'the record can only be added to';
END
$$;

CREATE FUNCTION public.rung_is_dated() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    CASE NEW.evidence
        WHEN 2 THEN NEW.delivered_at := coalesce(NEW.evidence_at, now());
        WHEN 3 THEN NEW.opened_at    := coalesce(NEW.evidence_at, now());
        WHEN 4 THEN NEW.posted_at    := coalesce(NEW.evidence_at, now());
        WHEN 5 THEN NEW.verified_at  := coalesce(NEW.evidence_at, now());
        ELSE RAISE EXCEPTION 'evidence % is on no rung that has a time', NEW.evidence;
    END CASE;
    RETURN NEW;
END
$$;

CREATE PROCEDURE public.seal(IN sealed regclass, IN privileges text)
    LANGUAGE plpgsql
    AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', sealed);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', sealed);
    EXECUTE format(
        'CREATE POLICY own_organisation ON %s USING (organisation_id = (SELECT current_organisation()))'
        ' WITH CHECK (organisation_id = (SELECT current_organisation()))', sealed);
    EXECUTE format('GRANT %s ON %s TO chaupal_program', privileges, sealed);
END
$$;

CREATE FUNCTION public.search_turns(search_key text) RETURNS SETOF text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT DISTINCT array_to_string((turns.words[turns.turn:] || turns.words[:(turns.turn - 1)]), ' '::text) AS array_to_string
    FROM ( SELECT split.words,
             generate_subscripts(split.words, 1) AS turn
            FROM ( SELECT string_to_array(forms.form, ' '::text) AS words
                    FROM ( SELECT unnest(string_to_array(search_turns.search_key, '|'::text)) AS form) forms) split) turns;
END;

CREATE FUNCTION public.seconds_after(times timestamp with time zone[], start timestamp with time zone) RETURNS double precision[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY(SELECT CASE WHEN (t.at < 'infinity'::timestamp with time zone) THEN (GREATEST((0)::numeric, EXTRACT(epoch FROM (t.at - seconds_after.start))))::double precision ELSE NULL::double precision END AS "case" FROM unnest(seconds_after.times) WITH ORDINALITY t(at, place) ORDER BY t.place);

CREATE FUNCTION public.sighting_needs_the_notice() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public'
    AS $$
BEGIN
    IF EXISTS (SELECT FROM seen s
                 JOIN public.chat_group g ON g.organisation_id = s.organisation_id AND g.id = s.group_id
                WHERE NOT g.carries_notice) THEN
        RAISE EXCEPTION 'a group without the notice is not read' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.silence_is_inherited() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
BEGIN
    INSERT INTO public.silence (organisation_id, id, unit_id, starts_at, ends_at, source, poll_id)
    SELECT a.organisation_id, gen_random_uuid(), heir.id, q.starts_at, q.ends_at, q.source, q.poll_id
      FROM after a
      JOIN public.unit gone ON gone.organisation_id = a.organisation_id AND gone.id = a.from_id
      JOIN public.unit heir ON heir.organisation_id = a.organisation_id AND heir.id = a.to_id
      JOIN public.unit area ON area.organisation_id = a.organisation_id
       AND area.number = ANY(string_to_array(trim(BOTH '/' FROM gone.path), '/')::integer[])
       AND area.number <> ALL(string_to_array(trim(BOTH '/' FROM heir.path), '/')::integer[])
      JOIN public.silence q ON q.organisation_id = area.organisation_id AND q.unit_id = area.id
       AND q.lifted_at IS NULL;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.silence_moves() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
BEGIN
    INSERT INTO public.silence (organisation_id, id, unit_id, starts_at, ends_at, source, poll_id)
    SELECT a.organisation_id, gen_random_uuid(), a.id, q.starts_at, q.ends_at, q.source, q.poll_id
      FROM before b
      JOIN after a ON a.organisation_id = b.organisation_id AND a.id = b.id
      JOIN public.unit area ON area.organisation_id = b.organisation_id
       AND area.number = ANY(string_to_array(trim(BOTH '/' FROM b.path), '/')::integer[])
       AND area.number <> ALL(string_to_array(trim(BOTH '/' FROM a.path), '/')::integer[])
      JOIN public.silence q ON q.organisation_id = area.organisation_id AND q.unit_id = area.id
       AND q.lifted_at IS NULL
     WHERE a.parent_id IS DISTINCT FROM b.parent_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.span_ends(span integer) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (span <= 100) THEN (span)::double precision ELSE ((100)::double precision * power((1.02)::double precision, ((span - 100))::double precision)) END;

CREATE FUNCTION public.span_of(after_s double precision) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (after_s <= (100)::double precision) THEN (GREATEST((0)::double precision, ceil(after_s)))::integer ELSE (100 + (ceil((ln((after_s / (100)::double precision)) / (ln(1.02))::double precision)))::integer) END;

CREATE FUNCTION public.stays() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE restrict_violation USING
        MESSAGE = format('rows of %I stay, with the key they have', TG_TABLE_NAME),
        TABLE = TG_TABLE_NAME;
END
$$;

CREATE FUNCTION public.subject_found() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    SET enable_nestloop TO 'off'
    AS $$
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

CREATE FUNCTION public.subject_found_anew() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
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

CREATE FUNCTION public.tally_born() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.tally_moved() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.unit_found() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    SET enable_nestloop TO 'off'
    AS $$
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

CREATE FUNCTION public.unit_found_anew() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
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

CREATE FUNCTION public.uuid_tail(id uuid) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ((('x'::text || "right"((id)::text, 12)))::bit(48))::bigint;

CREATE TABLE public.account (
    organisation_id integer NOT NULL,
    id uuid NOT NULL,
    login text NOT NULL,
    name text NOT NULL,
    person_id uuid,
    language text DEFAULT 'hi'::text NOT NULL,
    password_hash text NOT NULL,
    disabled_at timestamp with time zone,
    unit_id uuid,
    CONSTRAINT language_is_known CHECK ((language = ANY (ARRAY['hi'::text, 'en'::text]))),
    CONSTRAINT login_is_plain CHECK ((login ~ '^[a-z0-9._-]{2,60}$'::text)),
    CONSTRAINT password_is_argon2 CHECK ((password_hash ~~ '$argon2id$%'::text))
);

ALTER TABLE ONLY public.account FORCE ROW LEVEL SECURITY;

CREATE TABLE public.api_token (
    organisation_id integer NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    name text NOT NULL,
    token_hash bytea NOT NULL,
    rights text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    CONSTRAINT token_has_an_end CHECK ((expires_at > created_at)),
    CONSTRAINT token_is_a_sha256 CHECK ((octet_length(token_hash) = 32)),
    CONSTRAINT token_is_named CHECK (((name <> ''::text) AND (length(name) <= 100))),
    CONSTRAINT token_may_something CHECK (((cardinality(rights) >= 1) AND (cardinality(rights) <= 30)))
);

ALTER TABLE ONLY public.api_token FORCE ROW LEVEL SECURITY;

CREATE TABLE public.area_freeze (
    organisation_id integer NOT NULL,
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    unit_id uuid NOT NULL,
    everything boolean NOT NULL,
    reason text NOT NULL,
    ordered_by uuid NOT NULL,
    ordered_label text NOT NULL,
    since timestamp with time zone NOT NULL,
    lifted_by uuid,
    lifted_label text,
    lifted_at timestamp with time zone,
    CONSTRAINT freeze_has_a_reason CHECK (((reason <> ''::text) AND (length(reason) <= 300))),
    CONSTRAINT lifting_is_whole CHECK ((((lifted_by IS NULL) = (lifted_at IS NULL)) AND ((lifted_by IS NULL) = (lifted_label IS NULL))))
);

ALTER TABLE ONLY public.area_freeze FORCE ROW LEVEL SECURITY;

CREATE TABLE public.arrival (
    organisation_id integer NOT NULL,
    id bigint NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    event_key text NOT NULL,
    group_id uuid,
    text text,
    at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.arrival FORCE ROW LEVEL SECURITY;

ALTER TABLE public.arrival ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.arrival_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.broadcast (
    organisation_id integer NOT NULL,
    id uuid NOT NULL,
    stage public.broadcast_stage DEFAULT 'draft'::public.broadcast_stage NOT NULL,
    title text NOT NULL,
    purpose public.group_purpose NOT NULL,
    lane public.lane DEFAULT 'normal'::public.lane NOT NULL,
    audience jsonb NOT NULL,
    election_matter boolean DEFAULT true NOT NULL,
    synthetic boolean DEFAULT false NOT NULL,
    author_id uuid NOT NULL,
    author_label text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    content_hash bytea NOT NULL,
    submitted_at timestamp with time zone,
    approver_id uuid,
    approver_label text,
    approved_at timestamp with time zone,
    approved_hash bytea,
    frozen_at timestamp with time zone,
    targets integer,
    finished_at timestamp with time zone,
    author_units uuid[] NOT NULL,
    via text[] DEFAULT '{}'::text[] NOT NULL,
    starts_at timestamp with time zone,
    approver_denies boolean DEFAULT false NOT NULL,
    electoral boolean GENERATED ALWAYS AS ((election_matter OR (NOT approver_denies))) STORED NOT NULL,
    template jsonb,
    text_alone boolean DEFAULT false NOT NULL,
    CONSTRAINT approval_is_whole CHECK ((((approver_id IS NULL) = (approved_hash IS NULL)) AND ((approver_id IS NULL) = (approved_at IS NULL)))),
    CONSTRAINT approved_is_what_was_written CHECK ((approved_hash = content_hash)),
    CONSTRAINT author_stood_somewhere CHECK ((author_units <> '{}'::uuid[])),
    CONSTRAINT broadcast_is_titled CHECK (((title <> ''::text) AND (length(title) <= 200))),
    CONSTRAINT denied_by_who_approved CHECK (((NOT approver_denies) OR (approver_id IS NOT NULL))),
    CONSTRAINT frozen_before_sending CHECK (((stage <> ALL (ARRAY['sending'::public.broadcast_stage, 'paused'::public.broadcast_stage, 'finished'::public.broadcast_stage, 'recalled'::public.broadcast_stage])) OR (frozen_at IS NOT NULL))),
    CONSTRAINT frozen_is_counted CHECK (((frozen_at IS NULL) = (targets IS NULL))),
    CONSTRAINT nothing_moves_unapproved CHECK (((stage = ANY (ARRAY['draft'::public.broadcast_stage, 'submitted'::public.broadcast_stage, 'cancelled'::public.broadcast_stage])) OR (approver_id IS NOT NULL))),
    CONSTRAINT starts_before_its_end CHECK ((starts_at < expires_at)),
    CONSTRAINT template_is_whole CHECK (((jsonb_typeof((template -> 'name'::text)) = 'string'::text) AND (jsonb_typeof((template -> 'fills'::text)) = 'object'::text))),
    CONSTRAINT two_different_people CHECK ((approver_id <> author_id)),
    CONSTRAINT via_is_short CHECK ((cardinality(via) <= 5))
);

ALTER TABLE ONLY public.broadcast FORCE ROW LEVEL SECURITY;

CREATE TABLE public.broadcast_halt (
    organisation_id integer NOT NULL,
    broadcast_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    reason text NOT NULL,
    CONSTRAINT reason_is_plain CHECK ((reason ~ '^([a-z][a-z_ ]{0,49}|(http|error)_[0-9]{1,6})$'::text))
);

ALTER TABLE ONLY public.broadcast_halt FORCE ROW LEVEL SECURITY;

CREATE TABLE public.broadcast_text (
    organisation_id integer NOT NULL,
    broadcast_id uuid NOT NULL,
    language text NOT NULL,
    body text NOT NULL,
    picture_id bytea,
    picture_description text,
    CONSTRAINT language_is_known CHECK ((language = ANY (ARRAY['hi'::text, 'en'::text]))),
    CONSTRAINT picture_is_described CHECK ((((picture_id IS NULL) = (picture_description IS NULL)) AND (picture_description <> ''::text) AND (length(picture_description) <= 500))),
    CONSTRAINT text_is_there CHECK (((body <> ''::text) AND (length(body) <= 10000)))
);

ALTER TABLE ONLY public.broadcast_text FORCE ROW LEVEL SECURITY;

CREATE TABLE public.category (
    organisation_id integer NOT NULL,
    key text NOT NULL,
    name_hi text NOT NULL,
    name_en text NOT NULL,
    CONSTRAINT key_is_plain CHECK ((key ~ '^[a-z_]{2,40}$'::text))
);

ALTER TABLE ONLY public.category FORCE ROW LEVEL SECURITY;

CREATE TABLE public.certificate (
    organisation_id integer NOT NULL,
    broadcast_id uuid NOT NULL,
    number text NOT NULL,
    committee text NOT NULL,
    certified_on date NOT NULL,
    wording_hash bytea NOT NULL,
    entered_by uuid NOT NULL,
    entered_label text NOT NULL,
    entered_at timestamp with time zone NOT NULL,
    CONSTRAINT certificate_is_whole CHECK (((number <> ''::text) AND (length(number) <= 100) AND (committee <> ''::text) AND (length(committee) <= 200))),
    CONSTRAINT wording_hash_is_a_sha256 CHECK ((octet_length(wording_hash) = 32))
);

ALTER TABLE ONLY public.certificate FORCE ROW LEVEL SECURITY;

CREATE TABLE public.channel_exclusion (
    channel text NOT NULL,
    organisation_type public.organisation_type NOT NULL,
    since date NOT NULL,
    until date,
    source text NOT NULL,
    as_of date NOT NULL,
    CONSTRAINT exclusion_ends_later CHECK ((until >= since)),
    CONSTRAINT exclusion_has_a_source CHECK (((source <> ''::text) AND (length(source) <= 300)))
);

CREATE TABLE public.chat_group (
    organisation_id integer NOT NULL,
    id uuid NOT NULL,
    unit_id uuid NOT NULL,
    name text NOT NULL,
    purpose public.group_purpose NOT NULL,
    channel text NOT NULL,
    sender_id uuid,
    address text NOT NULL,
    language text DEFAULT 'hi'::text NOT NULL,
    size integer DEFAULT 0 NOT NULL,
    size_at timestamp with time zone,
    carries_notice boolean DEFAULT false NOT NULL,
    archived_at timestamp with time zone,
    invite_sealed bytea,
    invite_lookup bytea,
    search_key text NOT NULL,
    sender_out_since timestamp with time zone,
    address_since timestamp with time zone,
    CONSTRAINT channel_is_known CHECK ((channel = ANY (ARRAY['whatsapp'::text, 'telegram'::text, 'matrix'::text, 'sandbox'::text]))),
    CONSTRAINT group_can_be_searched CHECK (((search_key <> ''::text) AND (length(search_key) <= 350))),
    CONSTRAINT group_is_named CHECK (((name <> ''::text) AND (length(name) <= 300))),
    CONSTRAINT invite_is_digested CHECK ((octet_length(invite_lookup) = 16)),
    CONSTRAINT invite_is_sealed CHECK (((octet_length(invite_sealed) >= 30) AND (octet_length(invite_sealed) <= 400))),
    CONSTRAINT invite_is_whole CHECK (((invite_sealed IS NULL) = (invite_lookup IS NULL))),
    CONSTRAINT language_is_known CHECK ((language = ANY (ARRAY['hi'::text, 'en'::text]))),
    CONSTRAINT relayed_groups_have_no_sender CHECK (((channel = 'whatsapp'::text) = (sender_id IS NULL))),
    CONSTRAINT size_is_plausible CHECK (((size >= 0) AND (size <= 200000)))
);

ALTER TABLE ONLY public.chat_group FORCE ROW LEVEL SECURITY;

CREATE TABLE public.chosen_group (
    group_id uuid NOT NULL
);

CREATE TABLE public.chosen_person (
    person_id uuid NOT NULL
);

CREATE TABLE public.cluster (
    organisation_id integer NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    sealed_text bytea,
    text_until timestamp with time zone NOT NULL,
    author_id uuid NOT NULL,
    author_label text NOT NULL,
    author_units uuid[] NOT NULL,
    noted_at timestamp with time zone NOT NULL,
    verdict public.cluster_verdict,
    closed_by uuid,
    closed_label text,
    closed_at timestamp with time zone,
    CONSTRAINT cluster_is_named CHECK (((name <> ''::text) AND (length(name) <= 200))),
    CONSTRAINT cluster_is_noted_somewhere CHECK ((cardinality(author_units) > 0)),
    CONSTRAINT verdict_is_whole CHECK ((((verdict IS NULL) = (closed_at IS NULL)) AND ((verdict IS NULL) = (closed_by IS NULL)) AND ((verdict IS NULL) = (closed_label IS NULL))))
);

ALTER TABLE ONLY public.cluster FORCE ROW LEVEL SECURITY;

CREATE TABLE public.consent (
    organisation_id integer NOT NULL,
    id bigint NOT NULL,
    person_id uuid NOT NULL,
    purpose text NOT NULL,
    channel text NOT NULL,
    act public.consent_act NOT NULL,
    notice_version text NOT NULL,
    language text NOT NULL,
    basis text NOT NULL,
    proof text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT basis_is_known CHECK ((basis = ANY (ARRAY['own_page'::text, 'keyword'::text, 'button'::text, 'paper'::text, 'membership_form'::text, 'desk'::text]))),
    CONSTRAINT purpose_is_known CHECK ((purpose = ANY (ARRAY['messages'::text, 'coordination'::text])))
);

ALTER TABLE ONLY public.consent FORCE ROW LEVEL SECURITY;

ALTER TABLE public.consent ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.consent_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.contact_point (
    organisation_id integer NOT NULL,
    id bigint NOT NULL,
    person_id uuid NOT NULL,
    channel text NOT NULL,
    sealed bytea NOT NULL,
    lookup bytea NOT NULL,
    since timestamp with time zone NOT NULL,
    CONSTRAINT channel_is_known CHECK ((channel = ANY (ARRAY['phone'::text, 'email'::text, 'telegram'::text, 'matrix'::text, 'whatsapp_cloud'::text, 'sandbox'::text]))),
    CONSTRAINT lookup_is_a_digest CHECK ((octet_length(lookup) = 16)),
    CONSTRAINT sealed_is_sealed CHECK (((octet_length(sealed) >= 30) AND (octet_length(sealed) <= 400)))
);

ALTER TABLE ONLY public.contact_point FORCE ROW LEVEL SECURITY;

ALTER TABLE public.contact_point ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.contact_point_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.coverage (
    organisation_id integer NOT NULL,
    unit_id uuid NOT NULL,
    booths integer NOT NULL,
    booths_covered integer NOT NULL,
    groups integer NOT NULL,
    groups_no_admin integer NOT NULL,
    groups_one_admin integer NOT NULL,
    category_groups integer NOT NULL,
    groups_no_executive integer NOT NULL,
    public_groups integer NOT NULL,
    sized_groups integer NOT NULL,
    stale_groups integer NOT NULL,
    members bigint NOT NULL,
    oldest_size_at timestamp with time zone,
    newest_size_at timestamp with time zone,
    by_category jsonb NOT NULL,
    CONSTRAINT counted_groups_are_groups CHECK ((((groups_no_admin + groups_one_admin) <= groups) AND (category_groups <= groups) AND ((groups_no_executive >= 0) AND (groups_no_executive <= category_groups)) AND (public_groups <= groups) AND (stale_groups <= sized_groups) AND (sized_groups <= public_groups))),
    CONSTRAINT covered_booths_are_booths CHECK (((booths_covered >= 0) AND (booths_covered <= booths))),
    CONSTRAINT sizes_have_a_date CHECK ((((sized_groups = 0) = (oldest_size_at IS NULL)) AND ((sized_groups = 0) = (newest_size_at IS NULL))))
);

ALTER TABLE ONLY public.coverage FORCE ROW LEVEL SECURITY;

CREATE TABLE public.coverage_change (
    organisation_id integer NOT NULL
);

ALTER TABLE ONLY public.coverage_change FORCE ROW LEVEL SECURITY;

CREATE TABLE public.coverage_count (
    organisation_id integer NOT NULL,
    counted_at timestamp with time zone NOT NULL,
    on_day date NOT NULL,
    took_ms integer NOT NULL
);

ALTER TABLE ONLY public.coverage_count FORCE ROW LEVEL SECURITY;

CREATE TABLE public.delivery (
    organisation_id integer NOT NULL,
    id bigint NOT NULL,
    broadcast_id uuid NOT NULL,
    group_id uuid,
    sender_id uuid,
    branch_id uuid NOT NULL,
    language text NOT NULL,
    state public.delivery_state DEFAULT 'queued'::public.delivery_state NOT NULL,
    evidence smallint DEFAULT 0 NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone NOT NULL,
    lease_until timestamp with time zone,
    doubtful_since timestamp with time zone,
    provider_ref text,
    failure text,
    sent_at timestamp with time zone,
    evidence_at timestamp with time zone,
    person_id uuid,
    contact_id bigint,
    delivered_at timestamp with time zone,
    opened_at timestamp with time zone,
    posted_at timestamp with time zone,
    verified_at timestamp with time zone,
    tries smallint DEFAULT 0 NOT NULL,
    CONSTRAINT evidence_is_on_the_ladder CHECK (((evidence >= 0) AND (evidence <= 5))),
    CONSTRAINT leased_only_while_sending CHECK (((state = 'sending'::public.delivery_state) = (lease_until IS NOT NULL))),
    CONSTRAINT one_target CHECK ((((group_id IS NULL) <> (person_id IS NULL)) AND ((person_id IS NULL) = (contact_id IS NULL)))),
    CONSTRAINT people_are_written_to_by_a_sender CHECK (((person_id IS NULL) OR (sender_id IS NOT NULL))),
    CONSTRAINT refused_says_why CHECK (((state <> 'refused'::public.delivery_state) OR (failure IS NOT NULL))),
    CONSTRAINT rung_has_its_time CHECK ((
CASE evidence
    WHEN 2 THEN delivered_at
    WHEN 3 THEN opened_at
    WHEN 4 THEN posted_at
    WHEN 5 THEN verified_at
    ELSE due_at
END IS NOT NULL)),
    CONSTRAINT sent_is_evident CHECK (((state <> 'sent'::public.delivery_state) OR ((evidence >= 1) AND (sent_at IS NOT NULL)))),
    CONSTRAINT tasked_is_by_hand CHECK (((state <> 'tasked'::public.delivery_state) OR (sender_id IS NULL)))
);

ALTER TABLE ONLY public.delivery FORCE ROW LEVEL SECURITY;

ALTER TABLE public.delivery ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.delivery_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.person (
    organisation_id integer NOT NULL,
    id uuid NOT NULL,
    reference text NOT NULL,
    unit_id uuid NOT NULL,
    name text NOT NULL,
    language text DEFAULT 'hi'::text NOT NULL,
    since timestamp with time zone NOT NULL,
    erased_at timestamp with time zone,
    search_key text NOT NULL,
    CONSTRAINT language_is_known CHECK ((language = ANY (ARRAY['hi'::text, 'en'::text]))),
    CONSTRAINT person_can_be_searched CHECK (((search_key <> ''::text) AND (length(search_key) <= 350))),
    CONSTRAINT person_is_named CHECK (((name <> ''::text) AND (length(name) <= 300)))
);

ALTER TABLE ONLY public.person FORCE ROW LEVEL SECURITY;

CREATE TABLE public.unit (
    organisation_id integer NOT NULL,
    id uuid NOT NULL,
    number integer NOT NULL,
    parent_id uuid,
    level_rank smallint NOT NULL,
    code text NOT NULL,
    name_hi text NOT NULL,
    name_en text NOT NULL,
    path text NOT NULL COLLATE pg_catalog."C",
    path_end text GENERATED ALWAYS AS ((path || '~'::text)) STORED NOT NULL COLLATE pg_catalog."C",
    since date DEFAULT '0001-01-01'::date NOT NULL,
    ended_on date,
    search_key text NOT NULL,
    CONSTRAINT only_a_root_has_no_parent CHECK (((parent_id IS NULL) = (path = (('/'::text || number) || '/'::text)))),
    CONSTRAINT path_ends_in_own_number CHECK ((path ~~ (('%/'::text || number) || '/'::text))),
    CONSTRAINT unit_can_be_searched CHECK (((search_key <> ''::text) AND (length(search_key) <= 700))),
    CONSTRAINT unit_ends_after_it_began CHECK ((ended_on >= since)),
    CONSTRAINT unit_is_named CHECK (((name_hi <> ''::text) AND (name_en <> ''::text) AND (length(name_hi) <= 300) AND (length(name_en) <= 300)))
);

ALTER TABLE ONLY public.unit FORCE ROW LEVEL SECURITY;

CREATE VIEW public.delivery_told WITH (security_invoker='true') AS
 SELECT d.organisation_id,
    d.id,
    d.broadcast_id,
    d.group_id,
    d.sender_id,
    d.state,
    d.evidence,
    d.failure,
    d.attempts,
    d.sent_at,
    u.id AS unit_id,
    u.path,
    u.level_rank,
        CASE
            WHEN live.so THEN LEAST(d.sent_at, d.delivered_at, d.opened_at, d.posted_at, d.verified_at)
            ELSE NULL::timestamp with time zone
        END AS accepted_at,
        CASE
            WHEN live.so THEN LEAST(d.delivered_at, d.opened_at, d.posted_at, d.verified_at)
            ELSE NULL::timestamp with time zone
        END AS delivered_at,
        CASE
            WHEN live.so THEN LEAST(d.opened_at, d.posted_at, d.verified_at)
            ELSE NULL::timestamp with time zone
        END AS opened_at,
        CASE
            WHEN live.so THEN LEAST(d.posted_at, d.verified_at)
            ELSE NULL::timestamp with time zone
        END AS posted_at,
        CASE
            WHEN live.so THEN d.verified_at
            ELSE NULL::timestamp with time zone
        END AS verified_at
   FROM ((((public.delivery d
     CROSS JOIN LATERAL ( SELECT (d.state = ANY (ARRAY['queued'::public.delivery_state, 'sending'::public.delivery_state, 'tasked'::public.delivery_state, 'sent'::public.delivery_state])) AS so) live)
     LEFT JOIN public.chat_group g ON (((g.organisation_id = d.organisation_id) AND (g.id = d.group_id))))
     LEFT JOIN public.person p ON (((p.organisation_id = d.organisation_id) AND (p.id = d.person_id))))
     LEFT JOIN public.unit u ON (((u.organisation_id = d.organisation_id) AND (u.id = COALESCE(g.unit_id, p.unit_id)))));

CREATE TABLE public.doubt_asking (
    organisation_id integer NOT NULL,
    sender_id uuid NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    upto_since timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    upto_id bigint DEFAULT 0 NOT NULL,
    asked integer DEFAULT 0 NOT NULL,
    found integer DEFAULT 0 NOT NULL
);

ALTER TABLE ONLY public.doubt_asking FORCE ROW LEVEL SECURITY;

CREATE TABLE public.erased_person (
    organisation_id integer NOT NULL,
    person_id uuid NOT NULL,
    sealed bytea NOT NULL,
    erased_at timestamp with time zone NOT NULL,
    purge_after timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.erased_person FORCE ROW LEVEL SECURITY;

CREATE TABLE public.exchange (
    organisation_id integer NOT NULL,
    id bigint NOT NULL,
    sender_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    told boolean NOT NULL,
    method text,
    ended text NOT NULL,
    status integer,
    kind text,
    outcome text NOT NULL,
    reason text,
    times integer NOT NULL,
    took_ms integer NOT NULL,
    slowest_ms integer NOT NULL,
    CONSTRAINT counted CHECK (((times > 0) AND (took_ms >= 0) AND (slowest_ms >= took_ms))),
    CONSTRAINT end_is_known CHECK ((ended = ANY (ARRAY['answered'::text, 'in_trouble'::text, 'not_reached'::text, 'answer_lost'::text, 'not_asked'::text]))),
    CONSTRAINT kind_is_plain CHECK ((kind ~ '^[A-Za-z_]{1,60}$'::text)),
    CONSTRAINT method_is_plain CHECK ((method ~ '^[A-Z]{3,7}$'::text)),
    CONSTRAINT outcome_is_known CHECK ((outcome = ANY (ARRAY['accepted'::text, 'deferred'::text, 'rejected'::text, 'unknown'::text]))),
    CONSTRAINT reason_is_plain CHECK ((reason ~ '^([a-z][a-z_ ]{0,49}|(http|error)_[0-9]{1,6})$'::text)),
    CONSTRAINT status_is_http CHECK (((status >= 100) AND (status <= 999)))
);

ALTER TABLE ONLY public.exchange FORCE ROW LEVEL SECURITY;

ALTER TABLE public.exchange ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.exchange_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.organisation (
    id integer NOT NULL,
    slug text NOT NULL,
    type public.organisation_type NOT NULL,
    name_hi text NOT NULL,
    name_en text NOT NULL,
    CONSTRAINT fits_a_short_link CHECK (((id >= 1) AND (id <= 65535))),
    CONSTRAINT organisation_is_named CHECK (((name_hi <> ''::text) AND (name_en <> ''::text))),
    CONSTRAINT slug_is_plain CHECK ((slug ~ '^[a-z][a-z0-9-]{1,39}$'::text))
);

CREATE VIEW public.excluded_channel WITH (security_invoker='true') AS
 SELECT o.id AS organisation_id,
    e.channel,
    e.organisation_type,
    e.since,
    e.until,
    e.source,
    e.as_of
   FROM (public.channel_exclusion e
     JOIN public.organisation o ON ((o.type = e.organisation_type)));

CREATE TABLE public.finding (
    organisation_id integer NOT NULL,
    id uuid NOT NULL,
    broadcast_id uuid NOT NULL,
    differences jsonb NOT NULL,
    off integer NOT NULL,
    found_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    settled_at timestamp with time zone,
    acknowledged_at timestamp with time zone,
    acknowledged_by uuid,
    acknowledged_label text,
    reason text,
    CONSTRAINT acknowledged_by_somebody_with_a_reason CHECK ((((acknowledged_at IS NULL) = (reason IS NULL)) AND ((acknowledged_at IS NULL) = (acknowledged_by IS NULL)) AND ((acknowledged_at IS NULL) = (acknowledged_label IS NULL)))),
    CONSTRAINT reason_is_short CHECK (((reason <> ''::text) AND (length(reason) <= 300))),
    CONSTRAINT something_differs CHECK ((off > 0))
);

ALTER TABLE ONLY public.finding FORCE ROW LEVEL SECURITY;

CREATE TABLE public.group_admin (
    organisation_id integer NOT NULL,
    group_id uuid NOT NULL,
    person_id uuid NOT NULL,
    turn smallint NOT NULL,
    left_at timestamp with time zone,
    since timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.group_admin FORCE ROW LEVEL SECURITY;

CREATE TABLE public.group_category (
    organisation_id integer NOT NULL,
    category_key text NOT NULL,
    group_id uuid NOT NULL,
    since timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.group_category FORCE ROW LEVEL SECURITY;

CREATE TABLE public.group_category_past (
    organisation_id integer NOT NULL,
    group_id uuid NOT NULL,
    category_key text NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    CONSTRAINT past_has_an_order CHECK ((until >= since))
);

ALTER TABLE ONLY public.group_category_past FORCE ROW LEVEL SECURITY;

CREATE TABLE public.idempotency (
    organisation_id integer NOT NULL,
    actor_id uuid NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    answer text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT key_is_short CHECK (((length(key) >= 8) AND (length(key) <= 100)))
);

ALTER TABLE ONLY public.idempotency FORCE ROW LEVEL SECURITY;

CREATE TABLE public.import_chunk (
    organisation_id integer NOT NULL,
    job_id uuid NOT NULL,
    "position" integer NOT NULL,
    sealed bytea NOT NULL
);
ALTER TABLE ONLY public.import_chunk ALTER COLUMN sealed SET STORAGE EXTERNAL;

ALTER TABLE ONLY public.import_chunk FORCE ROW LEVEL SECURITY;

CREATE TABLE public.import_job (
    organisation_id integer NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    stage public.import_stage DEFAULT 'uploading'::public.import_stage NOT NULL,
    sealed_name bytea,
    sealed_columns bytea,
    author_id uuid NOT NULL,
    author_label text NOT NULL,
    author_units uuid[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    ordered_at timestamp with time zone,
    ended_at timestamp with time zone,
    bytes bigint DEFAULT 0 NOT NULL,
    chunks integer DEFAULT 0 NOT NULL,
    lease_owner uuid,
    lease_until timestamp with time zone,
    attempts smallint DEFAULT 0 NOT NULL,
    began_at timestamp with time zone,
    phase text,
    phase_at timestamp with time zone,
    rows bigint DEFAULT 0 NOT NULL,
    bytes_read bigint DEFAULT 0 NOT NULL,
    told_at timestamp with time zone,
    check_s double precision,
    checked_rows integer,
    changes integer,
    first_refused jsonb DEFAULT '[]'::jsonb NOT NULL,
    failure text,
    facts jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT a_file_has_a_limit CHECK (((bytes >= 0) AND (bytes <= '2147483648'::bigint))),
    CONSTRAINT checked_is_counted CHECK (((num_nulls(check_s, checked_rows, changes) = ANY (ARRAY[0, 3])) AND (changes <= checked_rows))),
    CONSTRAINT ended_is_dated CHECK (((stage = ANY (ARRAY['done'::public.import_stage, 'failed'::public.import_stage, 'cancelled'::public.import_stage])) = (ended_at IS NOT NULL))),
    CONSTRAINT failed_says_why CHECK (((stage = 'failed'::public.import_stage) = (failure IS NOT NULL))),
    CONSTRAINT imported_as_mapped CHECK (((stage = ANY (ARRAY['uploading'::public.import_stage, 'uploaded'::public.import_stage, 'failed'::public.import_stage, 'cancelled'::public.import_stage])) OR (sealed_columns IS NOT NULL))),
    CONSTRAINT ordered_after_a_check CHECK (((stage <> ALL (ARRAY['checked'::public.import_stage, 'ordered'::public.import_stage, 'importing'::public.import_stage, 'done'::public.import_stage])) OR (check_s IS NOT NULL))),
    CONSTRAINT runs_under_a_lease CHECK ((((stage = ANY (ARRAY['checking'::public.import_stage, 'importing'::public.import_stage])) = (lease_until IS NOT NULL)) AND ((lease_owner IS NULL) = (lease_until IS NULL))))
);

ALTER TABLE ONLY public.import_job FORCE ROW LEVEL SECURITY;

CREATE TABLE public.import_mapping (
    organisation_id integer NOT NULL,
    kind text NOT NULL,
    headings_hash bytea NOT NULL,
    columns text[] NOT NULL,
    chosen_at timestamp with time zone NOT NULL,
    CONSTRAINT columns_are_few CHECK (((cardinality(columns) >= 1) AND (cardinality(columns) <= 100))),
    CONSTRAINT hash_is_a_sha256 CHECK ((octet_length(headings_hash) = 32)),
    CONSTRAINT kind_is_known CHECK ((kind = ANY (ARRAY['units'::text, 'people'::text, 'groups'::text, 'posts'::text, 'memberships'::text])))
);

ALTER TABLE ONLY public.import_mapping FORCE ROW LEVEL SECURITY;

CREATE TABLE public.import_report (
    organisation_id integer NOT NULL,
    job_id uuid NOT NULL,
    "position" integer NOT NULL,
    sealed bytea NOT NULL
);
ALTER TABLE ONLY public.import_report ALTER COLUMN sealed SET STORAGE EXTERNAL;

ALTER TABLE ONLY public.import_report FORCE ROW LEVEL SECURITY;

CREATE TABLE public.import_tally (
    organisation_id integer NOT NULL,
    job_id uuid NOT NULL,
    dry_run boolean NOT NULL,
    outcome text NOT NULL,
    refusal text,
    rows integer NOT NULL,
    CONSTRAINT refused_says_why CHECK (((outcome = 'refused'::text) = (refusal IS NOT NULL))),
    CONSTRAINT there_are_some CHECK ((rows > 0))
);

ALTER TABLE ONLY public.import_tally FORCE ROW LEVEL SECURITY;

CREATE TABLE public.lawful_hold (
    organisation_id integer NOT NULL,
    since timestamp with time zone NOT NULL,
    days integer NOT NULL,
    source text NOT NULL,
    CONSTRAINT hold_is_sensible CHECK (((days >= 30) AND (days <= 3650))),
    CONSTRAINT source_is_named CHECK (((source <> ''::text) AND (length(source) <= 300)))
);

ALTER TABLE ONLY public.lawful_hold FORCE ROW LEVEL SECURITY;

CREATE TABLE public.level (
    organisation_id integer NOT NULL,
    rank smallint NOT NULL,
    key text NOT NULL,
    name_hi text NOT NULL,
    name_en text NOT NULL,
    CONSTRAINT level_is_named CHECK (((name_hi <> ''::text) AND (name_en <> ''::text))),
    CONSTRAINT rank_is_small CHECK (((rank >= 0) AND (rank <= 15)))
);

ALTER TABLE ONLY public.level FORCE ROW LEVEL SECURITY;

CREATE TABLE public.membership (
    organisation_id integer NOT NULL,
    category_key text NOT NULL,
    person_id uuid NOT NULL,
    since date NOT NULL,
    until date,
    basis text NOT NULL,
    CONSTRAINT basis_is_known CHECK ((basis = ANY (ARRAY['own_page'::text, 'keyword'::text, 'button'::text, 'paper'::text, 'membership_form'::text]))),
    CONSTRAINT membership_ends_after_it_began CHECK ((until >= since))
);

ALTER TABLE ONLY public.membership FORCE ROW LEVEL SECURITY;

CREATE TABLE public.message_template (
    organisation_id integer NOT NULL,
    id uuid NOT NULL,
    business_account text NOT NULL,
    name text NOT NULL,
    code text NOT NULL,
    language text NOT NULL,
    category text NOT NULL,
    status text NOT NULL,
    body text NOT NULL,
    provider_ref text,
    checked_at timestamp with time zone NOT NULL,
    header text,
    footer text,
    buttons text DEFAULT ''::text NOT NULL,
    unfit text,
    ttl_s integer,
    changed_at timestamp with time zone NOT NULL,
    heard_at timestamp with time zone,
    quality text,
    quality_at timestamp with time zone,
    pictured boolean DEFAULT false NOT NULL,
    CONSTRAINT a_picture_or_a_line_above CHECK (((NOT pictured) OR (header IS NULL))),
    CONSTRAINT body_is_there CHECK (((body <> ''::text) AND (length(body) <= 1024))),
    CONSTRAINT category_is_known CHECK ((category = ANY (ARRAY['marketing'::text, 'utility'::text, 'authentication'::text]))),
    CONSTRAINT language_is_known CHECK ((language = ANY (ARRAY['hi'::text, 'en'::text]))),
    CONSTRAINT marketing_lives_as_long_as_its_channel CHECK (((category <> 'marketing'::text) OR (ttl_s IS NULL))),
    CONSTRAINT parts_are_short CHECK (((length(header) <= 60) AND (length(footer) <= 60) AND (length(buttons) <= 400))),
    CONSTRAINT quality_has_its_time CHECK (((quality IS NULL) OR (quality_at IS NOT NULL))),
    CONSTRAINT quality_is_known CHECK ((quality = ANY (ARRAY['high'::text, 'medium'::text, 'low'::text]))),
    CONSTRAINT status_is_known CHECK ((status = ANY (ARRAY['pending'::text, 'approved'::text, 'rejected'::text, 'paused'::text, 'disabled'::text, 'gone'::text]))),
    CONSTRAINT template_is_named CHECK (((name ~ '^[a-z0-9_]+$'::text) AND (length(name) <= 512) AND (code ~ '^[A-Za-z_]{2,10}$'::text))),
    CONSTRAINT ttl_is_positive CHECK ((ttl_s > 0))
);

ALTER TABLE ONLY public.message_template FORCE ROW LEVEL SECURITY;

CREATE TABLE public.migration (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 bytea NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.notice (
    organisation_id integer NOT NULL,
    version text NOT NULL,
    language text NOT NULL,
    body text NOT NULL,
    published_at timestamp with time zone NOT NULL,
    CONSTRAINT language_is_known CHECK ((language = ANY (ARRAY['hi'::text, 'en'::text]))),
    CONSTRAINT notice_says_something CHECK (((body <> ''::text) AND (length(body) <= 20000))),
    CONSTRAINT version_is_short CHECK (((version <> ''::text) AND (length(version) <= 100)))
);

ALTER TABLE ONLY public.notice FORCE ROW LEVEL SECURITY;

CREATE TABLE public.office (
    organisation_id integer NOT NULL,
    id uuid NOT NULL,
    unit_id uuid NOT NULL,
    role public.post_role NOT NULL,
    title_hi text NOT NULL,
    title_en text NOT NULL,
    since date NOT NULL,
    abolished_on date,
    CONSTRAINT office_ends_after_it_began CHECK ((abolished_on >= since)),
    CONSTRAINT office_is_titled CHECK (((title_hi <> ''::text) AND (title_en <> ''::text) AND (length(title_hi) <= 300) AND (length(title_en) <= 300)))
);

ALTER TABLE ONLY public.office FORCE ROW LEVEL SECURITY;

ALTER TABLE public.organisation ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.organisation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.orphan_status (
    organisation_id integer NOT NULL,
    sender_id uuid NOT NULL,
    provider_ref text NOT NULL,
    evidence smallint NOT NULL,
    failure text,
    at timestamp with time zone NOT NULL,
    delivered_at timestamp with time zone,
    opened_at timestamp with time zone
);

ALTER TABLE ONLY public.orphan_status FORCE ROW LEVEL SECURITY;

CREATE TABLE public.picture (
    organisation_id integer NOT NULL,
    id bytea NOT NULL,
    body bytea NOT NULL,
    light bytea NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    added_at timestamp with time zone NOT NULL,
    CONSTRAINT picture_is_bounded CHECK (((octet_length(body) <= 1000000) AND (octet_length(light) <= 60000) AND ((width >= 1) AND (width <= 1600)) AND ((height >= 1) AND (height <= 1600)))),
    CONSTRAINT picture_is_its_hash CHECK ((id = sha256((sha256(body) || sha256(light)))))
);
ALTER TABLE ONLY public.picture ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.picture ALTER COLUMN light SET STORAGE EXTERNAL;

ALTER TABLE ONLY public.picture FORCE ROW LEVEL SECURITY;

CREATE TABLE public.picture_reference (
    organisation_id integer NOT NULL,
    sender_id uuid NOT NULL,
    picture_id bytea NOT NULL,
    provider_ref text NOT NULL,
    brought_at timestamp with time zone NOT NULL,
    CONSTRAINT reference_is_short CHECK (((provider_ref <> ''::text) AND (length(provider_ref) <= 1000)))
);

ALTER TABLE ONLY public.picture_reference FORCE ROW LEVEL SECURITY;

CREATE TABLE public.poll (
    organisation_id integer NOT NULL,
    id uuid NOT NULL,
    election text NOT NULL,
    phase text NOT NULL,
    opens_at timestamp with time zone NOT NULL,
    closes_at timestamp with time zone NOT NULL,
    silence_h smallint NOT NULL,
    source text NOT NULL,
    entered_by uuid NOT NULL,
    entered_label text NOT NULL,
    entered_at timestamp with time zone NOT NULL,
    doubted_by uuid,
    doubted_label text,
    doubted_at timestamp with time zone,
    doubt text,
    withdrawn_by uuid,
    withdrawn_label text,
    withdrawn_at timestamp with time zone,
    amends uuid,
    changed_by uuid,
    changed_label text,
    changed_at timestamp with time zone,
    CONSTRAINT amends_another CHECK ((amends <> id)),
    CONSTRAINT change_is_whole CHECK ((((changed_by IS NULL) = (changed_at IS NULL)) AND ((changed_by IS NULL) = (changed_label IS NULL)))),
    CONSTRAINT doubt_is_whole CHECK ((((doubted_by IS NULL) = (doubted_at IS NULL)) AND ((doubted_by IS NULL) = (doubted_label IS NULL)) AND ((doubted_by IS NULL) = (doubt IS NULL)) AND (doubt <> ''::text) AND (length(doubt) <= 300))),
    CONSTRAINT poll_closes_after_it_opened CHECK ((closes_at > opens_at)),
    CONSTRAINT poll_has_a_source CHECK (((source <> ''::text) AND (length(source) <= 300))),
    CONSTRAINT poll_is_named CHECK (((election <> ''::text) AND (length(election) <= 200) AND (length(phase) <= 100))),
    CONSTRAINT silence_is_as_long_as_the_law_says CHECK (((silence_h >= 48) AND (silence_h <= 240))),
    CONSTRAINT withdrawal_is_whole CHECK ((((withdrawn_by IS NULL) = (withdrawn_at IS NULL)) AND ((withdrawn_by IS NULL) = (withdrawn_label IS NULL)))),
    CONSTRAINT withdrawn_by_two_people CHECK (((withdrawn_by IS NULL) OR ((doubted_by IS NOT NULL) AND (doubted_by <> withdrawn_by))))
);

ALTER TABLE ONLY public.poll FORCE ROW LEVEL SECURITY;

CREATE TABLE public.portfolio (
    organisation_id integer NOT NULL,
    name text NOT NULL,
    people integer DEFAULT 0 NOT NULL,
    full_until timestamp with time zone,
    CONSTRAINT name_is_plain CHECK ((name ~ '^[0-9A-Za-z_-]{1,60}$'::text)),
    CONSTRAINT people_are_not_fewer CHECK ((people >= 0))
);

ALTER TABLE ONLY public.portfolio FORCE ROW LEVEL SECURITY;

CREATE TABLE public.portfolio_person (
    organisation_id integer NOT NULL,
    portfolio text NOT NULL,
    person_id uuid NOT NULL,
    last_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.portfolio_person FORCE ROW LEVEL SECURITY;

CREATE TABLE public.post (
    organisation_id integer NOT NULL,
    id uuid NOT NULL,
    unit_id uuid NOT NULL,
    person_id uuid,
    account_id uuid,
    role public.post_role NOT NULL,
    title_hi text NOT NULL,
    title_en text NOT NULL,
    since date NOT NULL,
    until date,
    office_id uuid NOT NULL,
    appointed_at timestamp with time zone,
    ended_at timestamp with time zone,
    follows_id uuid,
    planned_until date,
    CONSTRAINT ends_after_it_began CHECK ((until >= (since - 1))),
    CONSTRAINT held_by_somebody CHECK (((person_id IS NOT NULL) OR (account_id IS NOT NULL)))
);

ALTER TABLE ONLY public.post FORCE ROW LEVEL SECURITY;

CREATE TABLE public.projection (
    name text NOT NULL,
    stream_sequence bigint DEFAULT 0 NOT NULL
);

CREATE TABLE public.recall (
    organisation_id integer NOT NULL,
    broadcast_id uuid NOT NULL,
    ordered_by uuid NOT NULL,
    ordered_label text NOT NULL,
    since timestamp with time zone NOT NULL,
    gone_by timestamp with time zone NOT NULL,
    gathered integer DEFAULT 0 NOT NULL,
    judged_at timestamp with time zone,
    CONSTRAINT recall_has_an_end CHECK ((gone_by > since))
);

ALTER TABLE ONLY public.recall FORCE ROW LEVEL SECURITY;

CREATE TABLE public.registered_text (
    organisation_id integer NOT NULL,
    number text NOT NULL,
    header text NOT NULL,
    language text NOT NULL,
    body text NOT NULL,
    entered_by uuid NOT NULL,
    entered_label text NOT NULL,
    entered_at timestamp with time zone NOT NULL,
    withdrawn_at timestamp with time zone,
    CONSTRAINT body_is_there CHECK (((body <> ''::text) AND (length(body) <= 2000))),
    CONSTRAINT header_is_registered CHECK ((header ~ '^([A-Za-z]{6}|[0-9]{6})$'::text)),
    CONSTRAINT language_is_known CHECK ((language = ANY (ARRAY['hi'::text, 'en'::text]))),
    CONSTRAINT number_is_the_ledgers CHECK ((number ~ '^[0-9]{10,25}$'::text))
);

ALTER TABLE ONLY public.registered_text FORCE ROW LEVEL SECURITY;

CREATE TABLE public.relay_assignment (
    organisation_id integer NOT NULL,
    id uuid NOT NULL,
    task_id uuid NOT NULL,
    person_id uuid NOT NULL,
    step smallint NOT NULL,
    telling public.telling DEFAULT 'queued'::public.telling NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    due_at timestamp with time zone NOT NULL,
    lease_until timestamp with time zone,
    told_at timestamp with time zone,
    opened_at timestamp with time zone,
    posted_at timestamp with time zone,
    office_id uuid,
    handed_over_at timestamp with time zone,
    recall_asked_at timestamp with time zone,
    deleted_at timestamp with time zone,
    CONSTRAINT handed_over_by_an_office CHECK (((handed_over_at IS NULL) OR (office_id IS NOT NULL))),
    CONSTRAINT handed_over_is_told_no_more CHECK (((handed_over_at IS NULL) OR (telling = 'needless'::public.telling))),
    CONSTRAINT leased_only_while_telling CHECK (((telling = 'telling'::public.telling) = (lease_until IS NOT NULL)))
);

ALTER TABLE ONLY public.relay_assignment FORCE ROW LEVEL SECURITY;

CREATE TABLE public.relay_task (
    organisation_id integer NOT NULL,
    id uuid NOT NULL,
    delivery_id bigint NOT NULL,
    broadcast_id uuid NOT NULL,
    group_id uuid NOT NULL,
    step smallint DEFAULT 0 NOT NULL,
    next_step_at timestamp with time zone,
    closes_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.relay_task FORCE ROW LEVEL SECURITY;

CREATE TABLE public.report_account (
    organisation_id integer NOT NULL,
    broadcast_id uuid NOT NULL,
    path text NOT NULL COLLATE pg_catalog."C",
    level_rank smallint,
    state public.delivery_state NOT NULL,
    evidence smallint NOT NULL,
    failure text,
    targets integer NOT NULL
);

ALTER TABLE ONLY public.report_account FORCE ROW LEVEL SECURITY;

CREATE TABLE public.report_kept (
    organisation_id integer NOT NULL,
    broadcast_id uuid NOT NULL,
    counted_at timestamp with time zone NOT NULL,
    took_s double precision NOT NULL,
    storeys smallint NOT NULL,
    mark numeric NOT NULL,
    CONSTRAINT a_storey_at_least CHECK ((storeys > 0))
);

ALTER TABLE ONLY public.report_kept FORCE ROW LEVEL SECURITY;

CREATE TABLE public.report_pace (
    organisation_id integer NOT NULL,
    broadcast_id uuid NOT NULL,
    path text NOT NULL COLLATE pg_catalog."C",
    level_rank smallint,
    rung smallint NOT NULL,
    span integer NOT NULL,
    targets integer NOT NULL
);

ALTER TABLE ONLY public.report_pace FORCE ROW LEVEL SECURITY;

CREATE TABLE public.retraction (
    organisation_id integer NOT NULL,
    delivery_id bigint NOT NULL,
    broadcast_id uuid NOT NULL,
    sender_id uuid,
    state public.retraction_state NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    due_at timestamp with time zone NOT NULL,
    lease_until timestamp with time zone,
    settled_at timestamp with time zone,
    CONSTRAINT leased_only_while_deleting CHECK (((state = 'deleting'::public.retraction_state) = (lease_until IS NOT NULL))),
    CONSTRAINT people_are_asked_where_no_sender_was CHECK (
CASE
    WHEN (sender_id IS NULL) THEN (state = ANY (ARRAY['asked'::public.retraction_state, 'acknowledged'::public.retraction_state]))
    ELSE (state <> ALL (ARRAY['asked'::public.retraction_state, 'acknowledged'::public.retraction_state]))
END),
    CONSTRAINT settled_has_its_time CHECK (((state = ANY (ARRAY['deleted'::public.retraction_state, 'acknowledged'::public.retraction_state, 'impossible'::public.retraction_state])) = (settled_at IS NOT NULL)))
);

ALTER TABLE ONLY public.retraction FORCE ROW LEVEL SECURITY;

CREATE TABLE public.saved_audience (
    organisation_id integer NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    purpose public.group_purpose NOT NULL,
    audience jsonb NOT NULL,
    author_id uuid NOT NULL,
    author_label text NOT NULL,
    author_units uuid[] NOT NULL,
    saved_at timestamp with time zone NOT NULL,
    CONSTRAINT audience_has_author CHECK ((cardinality(author_units) > 0)),
    CONSTRAINT audience_is_named CHECK (((name <> ''::text) AND (length(name) <= 60)))
);

ALTER TABLE ONLY public.saved_audience FORCE ROW LEVEL SECURITY;

CREATE TABLE public.saved_filter (
    organisation_id integer NOT NULL,
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    page text NOT NULL,
    name text NOT NULL,
    query text NOT NULL,
    saved_at timestamp with time zone NOT NULL,
    CONSTRAINT filter_is_named CHECK (((name <> ''::text) AND (length(name) <= 60))),
    CONSTRAINT page_is_known CHECK ((page = ANY (ARRAY['people'::text, 'groups'::text]))),
    CONSTRAINT query_is_short CHECK ((length(query) <= 1000))
);

ALTER TABLE ONLY public.saved_filter FORCE ROW LEVEL SECURITY;

CREATE TABLE public.search_entry (
    organisation_id integer NOT NULL,
    kind "char" NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    subject_id uuid NOT NULL,
    unit_id uuid NOT NULL
);

ALTER TABLE ONLY public.search_entry FORCE ROW LEVEL SECURITY;

CREATE TABLE public.sender (
    organisation_id integer NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    channel text NOT NULL,
    endpoint text NOT NULL,
    sealed_token bytea NOT NULL,
    sealed_webhook_secret bytea NOT NULL,
    rate_per_s integer NOT NULL,
    chat_interval_s real DEFAULT 0 NOT NULL,
    disabled_at timestamp with time zone,
    lease_owner uuid,
    lease_until timestamp with time zone,
    business_account text,
    portfolio text,
    daily_limit integer,
    pair_interval_s real,
    pair_burst integer,
    CONSTRAINT business_account_is_plain CHECK ((business_account ~ '^[0-9]{1,30}$'::text)),
    CONSTRAINT daily_limit_is_positive CHECK ((daily_limit > 0)),
    CONSTRAINT lease_has_an_owner CHECK (((lease_owner IS NULL) = (lease_until IS NULL))),
    CONSTRAINT pair_limit_is_whole CHECK ((((pair_interval_s IS NULL) = (pair_burst IS NULL)) AND (pair_interval_s > (0)::double precision) AND (pair_burst > 0))),
    CONSTRAINT portfolio_is_plain CHECK ((portfolio ~ '^[0-9A-Za-z_-]{1,60}$'::text)),
    CONSTRAINT rate_is_positive CHECK (((rate_per_s >= 1) AND (rate_per_s <= 20000)))
);

ALTER TABLE ONLY public.sender FORCE ROW LEVEL SECURITY;

CREATE TABLE public.sender_standing (
    organisation_id integer NOT NULL,
    sender_id uuid NOT NULL,
    quality text,
    quality_at timestamp with time zone,
    daily_limit integer,
    daily_limit_at timestamp with time zone,
    restriction text,
    restriction_at timestamp with time zone,
    CONSTRAINT quality_is_known CHECK ((quality = ANY (ARRAY['high'::text, 'medium'::text, 'low'::text]))),
    CONSTRAINT restriction_is_known CHECK ((restriction = ANY (ARRAY['warned'::text, 'restricted'::text, 'disabled'::text]))),
    CONSTRAINT what_was_heard_has_its_time CHECK ((((quality IS NULL) OR (quality_at IS NOT NULL)) AND ((daily_limit IS NULL) OR (daily_limit_at IS NOT NULL)) AND ((restriction IS NULL) OR (restriction_at IS NOT NULL))))
);

ALTER TABLE ONLY public.sender_standing FORCE ROW LEVEL SECURITY;

CREATE TABLE public.sender_state (
    organisation_id integer NOT NULL,
    sender_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    rate_per_s real NOT NULL,
    held_until timestamp with time zone,
    trips integer NOT NULL
);

ALTER TABLE ONLY public.sender_state FORCE ROW LEVEL SECURITY;

CREATE TABLE public.sender_stop (
    organisation_id integer NOT NULL,
    sender_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    halt text NOT NULL,
    reason text NOT NULL,
    CONSTRAINT halt_is_known CHECK ((halt = ANY (ARRAY['sender'::text, 'organisation'::text]))),
    CONSTRAINT reason_is_plain CHECK ((reason ~ '^([a-z][a-z_ ]{0,49}|(http|error)_[0-9]{1,6})$'::text))
);

ALTER TABLE ONLY public.sender_stop FORCE ROW LEVEL SECURITY;

CREATE TABLE public.session (
    organisation_id integer NOT NULL,
    token_hash bytea NOT NULL,
    account_id uuid NOT NULL,
    csrf text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT token_is_a_sha256 CHECK ((octet_length(token_hash) = 32))
);

ALTER TABLE ONLY public.session FORCE ROW LEVEL SECURITY;

CREATE TABLE public.sighting (
    organisation_id integer NOT NULL,
    cluster_id uuid NOT NULL,
    group_id uuid NOT NULL,
    first_seen_at timestamp with time zone NOT NULL,
    source public.sighting_source NOT NULL,
    noted_by uuid,
    noted_label text NOT NULL,
    noted_at timestamp with time zone NOT NULL,
    CONSTRAINT people_note_what_operators_saw CHECK (((source <> 'operator'::public.sighting_source) OR (noted_by IS NOT NULL)))
);

ALTER TABLE ONLY public.sighting FORCE ROW LEVEL SECURITY;

CREATE TABLE public.sign_in_failure (
    organisation_id integer NOT NULL,
    digest bytea NOT NULL,
    failures integer NOT NULL,
    last_at timestamp with time zone NOT NULL,
    blocked_until timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.sign_in_failure FORCE ROW LEVEL SECURITY;

CREATE TABLE public.silence (
    organisation_id integer NOT NULL,
    id uuid NOT NULL,
    unit_id uuid NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    source text NOT NULL,
    poll_id uuid,
    lifted_at timestamp with time zone,
    CONSTRAINT silence_has_length CHECK ((ends_at > starts_at))
);

ALTER TABLE ONLY public.silence FORCE ROW LEVEL SECURITY;

CREATE TABLE public.staged_admin (
    line integer NOT NULL,
    person_id uuid NOT NULL,
    turn smallint NOT NULL
);

CREATE TABLE public.staged_change (
    line integer NOT NULL
);

CREATE TABLE public.staged_contact (
    line integer NOT NULL,
    person_id uuid NOT NULL,
    channel text NOT NULL,
    sealed bytea NOT NULL,
    lookup bytea NOT NULL,
    language text,
    basis text,
    proof text,
    notice_version text,
    purposes text
);

CREATE TABLE public.staged_group (
    line integer NOT NULL,
    id uuid,
    address text,
    unit_code text,
    name text,
    purpose text,
    channel text,
    sender text,
    language text,
    size integer,
    categories text,
    admins text,
    notice boolean,
    refusal text,
    culprit text,
    outcome text,
    known boolean,
    unit_id uuid,
    sender_id uuid,
    search_key text
);

CREATE TABLE public.staged_known (
    line integer NOT NULL,
    id uuid NOT NULL,
    from_id uuid NOT NULL,
    unit_id uuid NOT NULL,
    language text NOT NULL,
    differs boolean NOT NULL
);

CREATE TABLE public.staged_membership (
    line integer NOT NULL,
    reference text,
    category text,
    since date,
    until date,
    basis text,
    refusal text,
    culprit text,
    outcome text,
    person_id uuid,
    category_key text,
    known boolean
);

CREATE TABLE public.staged_office (
    line integer NOT NULL,
    id uuid,
    unit_code text,
    role text,
    title_hi text,
    title_en text,
    reference text,
    since date,
    until date,
    refusal text,
    culprit text,
    outcome text,
    unit_id uuid,
    person_id uuid,
    known_id uuid,
    office_id uuid,
    alike integer,
    turn integer
);

CREATE TABLE public.staged_person (
    line integer NOT NULL,
    id uuid NOT NULL,
    reference text NOT NULL,
    unit_code text NOT NULL,
    name text NOT NULL,
    language text,
    search_key text NOT NULL
);

CREATE TABLE public.staged_post (
    id uuid NOT NULL,
    unit_code text NOT NULL,
    reference text NOT NULL,
    role text NOT NULL,
    title_hi text NOT NULL,
    title_en text NOT NULL,
    since date NOT NULL
);

CREATE TABLE public.staged_refusal (
    line integer NOT NULL,
    refusal text NOT NULL,
    culprit text
);

CREATE TABLE public.staged_unit (
    line integer NOT NULL,
    id uuid,
    code text,
    parent_code text,
    level text,
    name_hi text,
    name_en text,
    refusal text,
    culprit text,
    outcome text,
    known_id uuid,
    level_rank smallint,
    number integer,
    parent_id uuid,
    path text,
    search_key text
);

CREATE TABLE public.staged_verdict (
    line integer NOT NULL,
    outcome text NOT NULL,
    refusal text,
    culprit text
);

CREATE VIEW public.stillness WITH (security_invoker='true') AS
 SELECT q.organisation_id,
    q.id,
    'silence'::text AS why,
    q.unit_id,
    area.path,
    area.path_end,
    q.starts_at,
    q.ends_at,
    false AS everything,
    true AS reaches_up,
    q.poll_id
   FROM (public.silence q
     JOIN public.unit area ON (((area.organisation_id = q.organisation_id) AND (area.id = q.unit_id))))
  WHERE (q.lifted_at IS NULL)
UNION ALL
 SELECT f.organisation_id,
    f.id,
    'freeze'::text AS why,
    f.unit_id,
    area.path,
    area.path_end,
    f.since AS starts_at,
    'infinity'::timestamp with time zone AS ends_at,
    f.everything,
    false AS reaches_up,
    NULL::uuid AS poll_id
   FROM (public.area_freeze f
     JOIN public.unit area ON (((area.organisation_id = f.organisation_id) AND (area.id = f.unit_id))))
  WHERE (f.lifted_at IS NULL);

CREATE TABLE public.suppressed_person (
    organisation_id integer NOT NULL,
    person_id uuid NOT NULL,
    reason text NOT NULL,
    since timestamp with time zone NOT NULL,
    CONSTRAINT reason_is_known CHECK ((reason = ANY (ARRAY['asked'::text, 'erasure_asked'::text, 'desk'::text])))
);

ALTER TABLE ONLY public.suppressed_person FORCE ROW LEVEL SECURITY;

CREATE TABLE public.suppression (
    organisation_id integer NOT NULL,
    channel text NOT NULL,
    lookup bytea NOT NULL,
    reason text NOT NULL,
    since timestamp with time zone NOT NULL,
    CONSTRAINT lookup_is_a_digest CHECK ((octet_length(lookup) = 16)),
    CONSTRAINT reason_is_known CHECK ((reason = ANY (ARRAY['asked'::text, 'erased'::text, 'bounced'::text, 'desk'::text])))
);

ALTER TABLE ONLY public.suppression FORCE ROW LEVEL SECURITY;

CREATE TABLE public.tally (
    organisation_id integer NOT NULL,
    broadcast_id uuid NOT NULL,
    branch_id uuid NOT NULL,
    state public.delivery_state NOT NULL,
    evidence smallint NOT NULL,
    targets integer NOT NULL
);

ALTER TABLE ONLY public.tally FORCE ROW LEVEL SECURITY;

CREATE TABLE public.template_fetch (
    organisation_id integer NOT NULL,
    business_account text NOT NULL,
    asked_at timestamp with time zone,
    asked_label text,
    began_at timestamp with time zone,
    lease_until timestamp with time zone,
    templates integer DEFAULT 0 NOT NULL,
    ended_at timestamp with time zone,
    failure text,
    CONSTRAINT business_account_is_plain CHECK ((business_account ~ '^[0-9]{1,30}$'::text)),
    CONSTRAINT failure_is_short CHECK (((failure <> ''::text) AND (length(failure) <= 100)))
);

ALTER TABLE ONLY public.template_fetch FORCE ROW LEVEL SECURITY;

CREATE TABLE public.unit_past (
    organisation_id integer NOT NULL,
    unit_id uuid NOT NULL,
    since date NOT NULL,
    until date NOT NULL,
    parent_id uuid,
    level_rank smallint NOT NULL,
    name_hi text NOT NULL,
    name_en text NOT NULL,
    CONSTRAINT past_has_length CHECK ((until > since))
);

ALTER TABLE ONLY public.unit_past FORCE ROW LEVEL SECURITY;

CREATE TABLE public.unit_succession (
    organisation_id integer NOT NULL,
    from_id uuid NOT NULL,
    to_id uuid NOT NULL,
    kind public.succession NOT NULL,
    on_day date NOT NULL,
    CONSTRAINT succeeds_another CHECK ((from_id <> to_id))
);

ALTER TABLE ONLY public.unit_succession FORCE ROW LEVEL SECURITY;

CREATE TABLE public.unit_tally (
    organisation_id integer NOT NULL,
    unit_id uuid NOT NULL,
    people integer DEFAULT 0 NOT NULL,
    internal_groups integer DEFAULT 0 NOT NULL,
    public_groups integer DEFAULT 0 NOT NULL
);

ALTER TABLE ONLY public.unit_tally FORCE ROW LEVEL SECURITY;

CREATE VIEW public.writable WITH (security_invoker='true') AS
 SELECT c.organisation_id,
    c.person_id,
    c.id,
    c.channel,
    c.sealed,
    wanted.purpose
   FROM ((public.contact_point c
     CROSS JOIN ( VALUES ('messages'::text), ('coordination'::text)) wanted(purpose))
     CROSS JOIN LATERAL ( SELECT k.act,
            k.at
           FROM public.consent k
          WHERE ((k.organisation_id = c.organisation_id) AND (k.person_id = c.person_id) AND (k.purpose = wanted.purpose) AND (k.channel = c.channel))
          ORDER BY k.id DESC
         LIMIT 1) newest)
  WHERE ((newest.act = 'given'::public.consent_act) AND (NOT (EXISTS ( SELECT
           FROM public.consent k
          WHERE ((k.organisation_id = c.organisation_id) AND (k.person_id = c.person_id) AND (k.purpose = wanted.purpose) AND (k.channel = c.channel) AND (k.act = 'withdrawn'::public.consent_act) AND (k.at > newest.at))))) AND (NOT (EXISTS ( SELECT
           FROM public.suppressed_person s
          WHERE ((s.organisation_id = c.organisation_id) AND (s.person_id = c.person_id))))) AND (NOT (EXISTS ( SELECT
           FROM public.suppression s
          WHERE ((s.organisation_id = c.organisation_id) AND (s.channel = c.channel) AND (s.lookup = c.lookup))))));

CREATE VIEW public.writable_in_bulk WITH (security_invoker='true') AS
 SELECT c.organisation_id,
    c.person_id,
    c.id,
    c.channel,
    newest.purpose
   FROM (public.contact_point c
     JOIN public.consent newest ON (((newest.organisation_id = c.organisation_id) AND (newest.person_id = c.person_id) AND (newest.channel = c.channel) AND (newest.act = 'given'::public.consent_act))))
  WHERE ((NOT (EXISTS ( SELECT
           FROM public.consent k
          WHERE ((k.organisation_id = newest.organisation_id) AND (k.person_id = newest.person_id) AND (k.purpose = newest.purpose) AND (k.channel = newest.channel) AND ((k.id > newest.id) OR ((k.act = 'withdrawn'::public.consent_act) AND (k.at > newest.at))))))) AND (NOT (EXISTS ( SELECT
           FROM public.suppressed_person s
          WHERE ((s.organisation_id = c.organisation_id) AND (s.person_id = c.person_id))))) AND (NOT (EXISTS ( SELECT
           FROM public.suppression s
          WHERE ((s.organisation_id = c.organisation_id) AND (s.channel = c.channel) AND (s.lookup = c.lookup))))));

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_organisation_id_login_key UNIQUE (organisation_id, login);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_organisation_id_token_hash_key UNIQUE (organisation_id, token_hash);

ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.area_freeze
    ADD CONSTRAINT area_freeze_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.arrival
    ADD CONSTRAINT arrival_organisation_id_source_event_key_key UNIQUE (organisation_id, source, event_key);

ALTER TABLE ONLY public.arrival
    ADD CONSTRAINT arrival_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.broadcast_halt
    ADD CONSTRAINT broadcast_halt_pkey PRIMARY KEY (organisation_id, broadcast_id);

ALTER TABLE ONLY public.broadcast
    ADD CONSTRAINT broadcast_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.broadcast_text
    ADD CONSTRAINT broadcast_text_pkey PRIMARY KEY (organisation_id, broadcast_id, language);

ALTER TABLE ONLY public.category
    ADD CONSTRAINT category_pkey PRIMARY KEY (organisation_id, key);

ALTER TABLE ONLY public.certificate
    ADD CONSTRAINT certificate_pkey PRIMARY KEY (organisation_id, broadcast_id);

ALTER TABLE ONLY public.channel_exclusion
    ADD CONSTRAINT channel_exclusion_pkey PRIMARY KEY (channel, organisation_type, since);

ALTER TABLE ONLY public.chat_group
    ADD CONSTRAINT chat_group_organisation_id_channel_address_key UNIQUE (organisation_id, channel, address);

ALTER TABLE ONLY public.chat_group
    ADD CONSTRAINT chat_group_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.chosen_group
    ADD CONSTRAINT chosen_group_pkey PRIMARY KEY (group_id);

ALTER TABLE ONLY public.chosen_person
    ADD CONSTRAINT chosen_person_pkey PRIMARY KEY (person_id);

ALTER TABLE ONLY public.cluster
    ADD CONSTRAINT cluster_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.consent
    ADD CONSTRAINT consent_pkey PRIMARY KEY (organisation_id, person_id, purpose, channel, id);

ALTER TABLE ONLY public.contact_point
    ADD CONSTRAINT contact_point_organisation_id_channel_lookup_key UNIQUE (organisation_id, channel, lookup);

ALTER TABLE ONLY public.contact_point
    ADD CONSTRAINT contact_point_pkey PRIMARY KEY (organisation_id, person_id, id);

ALTER TABLE ONLY public.coverage_count
    ADD CONSTRAINT coverage_count_pkey PRIMARY KEY (organisation_id);

ALTER TABLE ONLY public.coverage
    ADD CONSTRAINT coverage_pkey PRIMARY KEY (organisation_id, unit_id);

ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT delivery_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.doubt_asking
    ADD CONSTRAINT doubt_asking_pkey PRIMARY KEY (organisation_id, sender_id);

ALTER TABLE ONLY public.erased_person
    ADD CONSTRAINT erased_person_pkey PRIMARY KEY (organisation_id, person_id);

ALTER TABLE ONLY public.exchange
    ADD CONSTRAINT exchange_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.finding
    ADD CONSTRAINT finding_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.group_admin
    ADD CONSTRAINT group_admin_pkey PRIMARY KEY (organisation_id, group_id, person_id);

ALTER TABLE ONLY public.group_category_past
    ADD CONSTRAINT group_category_past_pkey PRIMARY KEY (organisation_id, group_id, category_key, since);

ALTER TABLE ONLY public.group_category
    ADD CONSTRAINT group_category_pkey PRIMARY KEY (organisation_id, category_key, group_id);

ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (organisation_id, actor_id, key);

ALTER TABLE ONLY public.import_chunk
    ADD CONSTRAINT import_chunk_pkey PRIMARY KEY (organisation_id, job_id, "position");

ALTER TABLE ONLY public.import_job
    ADD CONSTRAINT import_job_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.import_mapping
    ADD CONSTRAINT import_mapping_pkey PRIMARY KEY (organisation_id, kind, headings_hash);

ALTER TABLE ONLY public.import_report
    ADD CONSTRAINT import_report_pkey PRIMARY KEY (organisation_id, job_id, "position");

ALTER TABLE ONLY public.import_tally
    ADD CONSTRAINT import_tally_organisation_id_job_id_dry_run_outcome_refusal_key UNIQUE NULLS NOT DISTINCT (organisation_id, job_id, dry_run, outcome, refusal);

ALTER TABLE ONLY public.lawful_hold
    ADD CONSTRAINT lawful_hold_pkey PRIMARY KEY (organisation_id, since);

ALTER TABLE ONLY public.level
    ADD CONSTRAINT level_organisation_id_key_key UNIQUE (organisation_id, key);

ALTER TABLE ONLY public.level
    ADD CONSTRAINT level_pkey PRIMARY KEY (organisation_id, rank);

ALTER TABLE ONLY public.membership
    ADD CONSTRAINT membership_pkey PRIMARY KEY (organisation_id, person_id, category_key, since);

ALTER TABLE ONLY public.message_template
    ADD CONSTRAINT message_template_organisation_id_business_account_name_code_key UNIQUE (organisation_id, business_account, name, code);

ALTER TABLE ONLY public.message_template
    ADD CONSTRAINT message_template_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.notice
    ADD CONSTRAINT notice_pkey PRIMARY KEY (organisation_id, version, language);

ALTER TABLE ONLY public.office
    ADD CONSTRAINT office_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.post
    ADD CONSTRAINT one_holder_at_a_time EXCLUDE USING gist (int8range(public.uuid_tail(office_id), public.uuid_tail(office_id), '[]'::text) WITH &&, public.uuid_range(office_id, office_id, '[]'::text) WITH &&, daterange(since, (until + 1)) WITH &&);

ALTER TABLE ONLY public.organisation
    ADD CONSTRAINT organisation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.organisation
    ADD CONSTRAINT organisation_slug_key UNIQUE (slug);

ALTER TABLE ONLY public.orphan_status
    ADD CONSTRAINT orphan_status_pkey PRIMARY KEY (organisation_id, sender_id, provider_ref);

ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_organisation_id_reference_key UNIQUE (organisation_id, reference);

ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.picture
    ADD CONSTRAINT picture_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.picture_reference
    ADD CONSTRAINT picture_reference_pkey PRIMARY KEY (organisation_id, sender_id, picture_id);

ALTER TABLE ONLY public.poll
    ADD CONSTRAINT poll_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.portfolio_person
    ADD CONSTRAINT portfolio_person_pkey PRIMARY KEY (organisation_id, portfolio, person_id);

ALTER TABLE ONLY public.portfolio
    ADD CONSTRAINT portfolio_pkey PRIMARY KEY (organisation_id, name);

ALTER TABLE ONLY public.post
    ADD CONSTRAINT post_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.projection
    ADD CONSTRAINT projection_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.recall
    ADD CONSTRAINT recall_pkey PRIMARY KEY (organisation_id, broadcast_id);

ALTER TABLE ONLY public.record
    ADD CONSTRAINT record_pkey PRIMARY KEY (organisation_id, number);

ALTER TABLE ONLY public.registered_text
    ADD CONSTRAINT registered_text_pkey PRIMARY KEY (organisation_id, number);

ALTER TABLE ONLY public.relay_assignment
    ADD CONSTRAINT relay_assignment_organisation_id_task_id_person_id_key UNIQUE (organisation_id, task_id, person_id);

ALTER TABLE ONLY public.relay_assignment
    ADD CONSTRAINT relay_assignment_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.relay_task
    ADD CONSTRAINT relay_task_organisation_id_delivery_id_key UNIQUE (organisation_id, delivery_id);

ALTER TABLE ONLY public.relay_task
    ADD CONSTRAINT relay_task_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.report_kept
    ADD CONSTRAINT report_kept_pkey PRIMARY KEY (organisation_id, broadcast_id);

ALTER TABLE ONLY public.retraction
    ADD CONSTRAINT retraction_pkey PRIMARY KEY (organisation_id, delivery_id);

ALTER TABLE ONLY public.saved_audience
    ADD CONSTRAINT saved_audience_organisation_id_author_id_name_key UNIQUE (organisation_id, author_id, name);

ALTER TABLE ONLY public.saved_audience
    ADD CONSTRAINT saved_audience_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.saved_filter
    ADD CONSTRAINT saved_filter_organisation_id_account_id_page_name_key UNIQUE (organisation_id, account_id, page, name);

ALTER TABLE ONLY public.saved_filter
    ADD CONSTRAINT saved_filter_pkey PRIMARY KEY (organisation_id, account_id, id);

ALTER TABLE ONLY public.search_entry
    ADD CONSTRAINT search_entry_pkey PRIMARY KEY (organisation_id, kind, key, subject_id) INCLUDE (unit_id);

ALTER TABLE ONLY public.sender
    ADD CONSTRAINT sender_organisation_id_name_key UNIQUE (organisation_id, name);

ALTER TABLE ONLY public.sender
    ADD CONSTRAINT sender_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.sender_standing
    ADD CONSTRAINT sender_standing_pkey PRIMARY KEY (organisation_id, sender_id);

ALTER TABLE ONLY public.sender_state
    ADD CONSTRAINT sender_state_pkey PRIMARY KEY (organisation_id, sender_id);

ALTER TABLE ONLY public.sender_stop
    ADD CONSTRAINT sender_stop_pkey PRIMARY KEY (organisation_id, sender_id);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (organisation_id, token_hash);

ALTER TABLE ONLY public.sighting
    ADD CONSTRAINT sighting_pkey PRIMARY KEY (organisation_id, cluster_id, group_id);

ALTER TABLE ONLY public.sign_in_failure
    ADD CONSTRAINT sign_in_failure_pkey PRIMARY KEY (organisation_id, digest);

ALTER TABLE ONLY public.silence
    ADD CONSTRAINT silence_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.staged_admin
    ADD CONSTRAINT staged_admin_pkey PRIMARY KEY (line, person_id);

ALTER TABLE ONLY public.staged_change
    ADD CONSTRAINT staged_change_pkey PRIMARY KEY (line);

ALTER TABLE ONLY public.staged_group
    ADD CONSTRAINT staged_group_pkey PRIMARY KEY (line);

ALTER TABLE ONLY public.staged_known
    ADD CONSTRAINT staged_known_pkey PRIMARY KEY (line);

ALTER TABLE ONLY public.staged_membership
    ADD CONSTRAINT staged_membership_pkey PRIMARY KEY (line);

ALTER TABLE ONLY public.staged_office
    ADD CONSTRAINT staged_office_pkey PRIMARY KEY (line);

ALTER TABLE ONLY public.staged_person
    ADD CONSTRAINT staged_person_pkey PRIMARY KEY (line);

ALTER TABLE ONLY public.staged_refusal
    ADD CONSTRAINT staged_refusal_pkey PRIMARY KEY (line);

ALTER TABLE ONLY public.staged_unit
    ADD CONSTRAINT staged_unit_pkey PRIMARY KEY (line);

ALTER TABLE ONLY public.suppressed_person
    ADD CONSTRAINT suppressed_person_pkey PRIMARY KEY (organisation_id, person_id);

ALTER TABLE ONLY public.suppression
    ADD CONSTRAINT suppression_pkey PRIMARY KEY (organisation_id, channel, lookup);

ALTER TABLE ONLY public.template_fetch
    ADD CONSTRAINT template_fetch_pkey PRIMARY KEY (organisation_id, business_account);

ALTER TABLE ONLY public.unit
    ADD CONSTRAINT unit_organisation_id_code_key UNIQUE (organisation_id, code);

ALTER TABLE ONLY public.unit
    ADD CONSTRAINT unit_organisation_id_number_key UNIQUE (organisation_id, number);

ALTER TABLE ONLY public.unit
    ADD CONSTRAINT unit_organisation_id_path_key UNIQUE (organisation_id, path);

ALTER TABLE ONLY public.unit_past
    ADD CONSTRAINT unit_past_pkey PRIMARY KEY (organisation_id, unit_id, since);

ALTER TABLE ONLY public.unit
    ADD CONSTRAINT unit_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE ONLY public.unit_succession
    ADD CONSTRAINT unit_succession_pkey PRIMARY KEY (organisation_id, from_id, to_id, on_day);

CREATE UNIQUE INDEX account_person ON public.account USING btree (organisation_id, person_id) WHERE (person_id IS NOT NULL);

CREATE INDEX api_token_account ON public.api_token USING btree (organisation_id, account_id, id DESC);

CREATE INDEX area_freeze_now ON public.area_freeze USING btree (organisation_id) WHERE (lifted_at IS NULL);

CREATE INDEX area_freeze_order ON public.area_freeze USING btree (organisation_id, order_id);

CREATE INDEX arrival_age ON public.arrival USING btree (organisation_id, expires_at);

CREATE INDEX arrival_group ON public.arrival USING btree (organisation_id, group_id, id DESC);

CREATE INDEX broadcast_live ON public.broadcast USING btree (organisation_id, stage) WHERE (stage = ANY (ARRAY['approved'::public.broadcast_stage, 'sending'::public.broadcast_stage, 'paused'::public.broadcast_stage]));

CREATE INDEX broadcast_newest ON public.broadcast USING btree (organisation_id, created_at DESC, id DESC);

CREATE INDEX broadcast_text_picture ON public.broadcast_text USING btree (organisation_id, picture_id) WHERE (picture_id IS NOT NULL);

CREATE INDEX chat_group_address ON public.chat_group USING btree (organisation_id, sender_id, address);

CREATE INDEX chat_group_archived ON public.chat_group USING btree (organisation_id, archived_at) WHERE (archived_at IS NOT NULL);

CREATE INDEX chat_group_name ON public.chat_group USING btree (organisation_id, name, id);

CREATE INDEX chat_group_unit ON public.chat_group USING btree (organisation_id, unit_id, name, id);

CREATE INDEX cluster_newest ON public.cluster USING btree (organisation_id, noted_at DESC, id);

CREATE INDEX cluster_to_forget ON public.cluster USING btree (organisation_id, text_until) WHERE (sealed_text IS NOT NULL);

CREATE INDEX coverage_change_organisation ON public.coverage_change USING btree (organisation_id);

CREATE INDEX delivery_doubtful ON public.delivery USING btree (organisation_id, sender_id, doubtful_since) WHERE ((state = 'queued'::public.delivery_state) AND (doubtful_since IS NOT NULL));

CREATE INDEX delivery_group ON public.delivery USING btree (organisation_id, group_id, id DESC) WHERE (group_id IS NOT NULL);

CREATE INDEX delivery_leased ON public.delivery USING btree (organisation_id, lease_until) WHERE (state = 'sending'::public.delivery_state);

CREATE INDEX delivery_queued ON public.delivery USING btree (organisation_id, sender_id, broadcast_id, due_at, id) WHERE (state = 'queued'::public.delivery_state);

CREATE INDEX delivery_ref ON public.delivery USING btree (organisation_id, sender_id, provider_ref) WHERE (provider_ref IS NOT NULL);

CREATE INDEX delivery_unknown ON public.delivery USING btree (organisation_id, sender_id, doubtful_since) WHERE (state = 'unknown'::public.delivery_state);

CREATE INDEX erased_person_due ON public.erased_person USING btree (organisation_id, purge_after);

CREATE INDEX exchange_of_sender ON public.exchange USING btree (organisation_id, sender_id, id);

CREATE INDEX exchange_oldest ON public.exchange USING btree (organisation_id, at);

CREATE UNIQUE INDEX finding_unsettled ON public.finding USING btree (organisation_id, broadcast_id) WHERE (settled_at IS NULL);

CREATE INDEX group_admin_person ON public.group_admin USING btree (organisation_id, person_id);

CREATE INDEX group_category_group ON public.group_category USING btree (organisation_id, group_id);

CREATE INDEX idempotency_age ON public.idempotency USING btree (organisation_id, at);

CREATE INDEX import_job_open ON public.import_job USING btree (organisation_id, id) WHERE (ended_at IS NULL);

CREATE UNIQUE INDEX import_job_running ON public.import_job USING btree (organisation_id) WHERE (stage = ANY (ARRAY['checking'::public.import_stage, 'importing'::public.import_stage]));

CREATE INDEX membership_category ON public.membership USING btree (organisation_id, category_key, person_id);

CREATE INDEX office_unit ON public.office USING btree (organisation_id, unit_id);

CREATE UNIQUE INDEX one_delivery_a_group ON public.delivery USING btree (organisation_id, broadcast_id, group_id) WHERE (group_id IS NOT NULL);

CREATE UNIQUE INDEX one_delivery_a_person ON public.delivery USING btree (organisation_id, person_id, broadcast_id) WHERE (person_id IS NOT NULL);

CREATE UNIQUE INDEX one_group_an_invite ON public.chat_group USING btree (organisation_id, invite_lookup) WHERE (invite_lookup IS NOT NULL);

CREATE UNIQUE INDEX one_membership_at_a_time ON public.membership USING btree (organisation_id, person_id, category_key) WHERE (until IS NULL);

CREATE INDEX person_unit ON public.person USING btree (organisation_id, unit_id, name, id);

CREATE INDEX picture_reference_picture ON public.picture_reference USING btree (organisation_id, picture_id);

CREATE INDEX poll_newest ON public.poll USING btree (organisation_id, closes_at DESC, id);

CREATE INDEX portfolio_person_oldest ON public.portfolio_person USING btree (organisation_id, portfolio, last_at);

CREATE INDEX post_account ON public.post USING btree (organisation_id, account_id);

CREATE INDEX post_ended ON public.post USING btree (organisation_id, ended_at) WHERE (ended_at IS NOT NULL);

CREATE INDEX post_ending ON public.post USING btree (organisation_id, until) WHERE (until IS NOT NULL);

CREATE INDEX post_office ON public.post USING btree (organisation_id, office_id, since);

CREATE INDEX post_person ON public.post USING btree (organisation_id, person_id);

CREATE INDEX post_unit ON public.post USING btree (organisation_id, unit_id);

CREATE INDEX recall_unjudged ON public.recall USING btree (organisation_id, gone_by) WHERE (judged_at IS NULL);

CREATE INDEX record_access ON public.record USING btree (organisation_id, number) WHERE (split_part(kind, '.'::text, 2) = ANY (ARRAY['unmasked'::text, 'exported'::text, 'link_shown'::text]));

CREATE INDEX record_subject ON public.record USING btree (organisation_id, subject, number);

CREATE INDEX relay_assignment_leased ON public.relay_assignment USING btree (organisation_id, lease_until) WHERE (telling = 'telling'::public.telling);

CREATE INDEX relay_assignment_office ON public.relay_assignment USING btree (organisation_id, office_id, person_id) WHERE ((office_id IS NOT NULL) AND (handed_over_at IS NULL) AND (posted_at IS NULL));

CREATE INDEX relay_assignment_person ON public.relay_assignment USING btree (organisation_id, person_id, id DESC);

CREATE INDEX relay_assignment_queued ON public.relay_assignment USING btree (organisation_id, due_at, id) WHERE (telling = 'queued'::public.telling);

CREATE INDEX relay_task_broadcast ON public.relay_task USING btree (organisation_id, broadcast_id);

CREATE INDEX relay_task_due ON public.relay_task USING btree (organisation_id, next_step_at) WHERE (next_step_at IS NOT NULL);

CREATE INDEX report_account_place ON public.report_account USING btree (organisation_id, broadcast_id, path);

CREATE INDEX report_pace_place ON public.report_pace USING btree (organisation_id, broadcast_id, path);

CREATE INDEX retraction_broadcast ON public.retraction USING btree (organisation_id, broadcast_id, state);

CREATE INDEX retraction_leased ON public.retraction USING btree (organisation_id, lease_until) WHERE (state = 'deleting'::public.retraction_state);

CREATE INDEX retraction_waiting ON public.retraction USING btree (organisation_id, due_at, delivery_id) WHERE (state = 'waiting'::public.retraction_state);

CREATE INDEX session_age ON public.session USING btree (organisation_id, expires_at);

CREATE INDEX sighting_group ON public.sighting USING btree (organisation_id, group_id);

CREATE INDEX silence_poll ON public.silence USING btree (organisation_id, poll_id);

CREATE INDEX staged_contact_line ON public.staged_contact USING btree (line);

CREATE INDEX staged_membership_person ON public.staged_membership USING btree (person_id, category_key);

CREATE INDEX staged_office_alike ON public.staged_office USING btree (alike, turn);

CREATE INDEX staged_office_seat ON public.staged_office USING btree (office_id);

CREATE INDEX tally_broadcast ON public.tally USING btree (organisation_id, broadcast_id);

CREATE INDEX unit_children ON public.unit USING btree (organisation_id, parent_id);

CREATE INDEX unit_past_parent ON public.unit_past USING btree (organisation_id, parent_id);

CREATE INDEX unit_places ON public.unit USING btree (organisation_id, path) INCLUDE (id);

CREATE INDEX unit_succession_to ON public.unit_succession USING btree (organisation_id, to_id);

CREATE INDEX unit_tally_unit ON public.unit_tally USING btree (organisation_id, unit_id);

CREATE INDEX unit_today ON public.unit USING btree (organisation_id, path) WHERE (ended_on IS NULL);

CREATE TRIGGER broadcast_keeps_its_key BEFORE UPDATE OF organisation_id, id ON public.broadcast FOR EACH ROW WHEN (((old.organisation_id IS DISTINCT FROM new.organisation_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION public.stays();

CREATE TRIGGER broadcast_stays BEFORE DELETE OR TRUNCATE ON public.broadcast FOR EACH STATEMENT EXECUTE FUNCTION public.stays();

CREATE TRIGGER chat_group_born AFTER INSERT ON public.chat_group REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.groups_born();

CREATE TRIGGER chat_group_found AFTER INSERT ON public.chat_group REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.subject_found('g');

CREATE TRIGGER chat_group_found_anew AFTER UPDATE ON public.chat_group REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.subject_found_anew('g');

CREATE TRIGGER chat_group_moved AFTER UPDATE ON public.chat_group REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.groups_moved();

CREATE TRIGGER consent_has_a_person AFTER INSERT ON public.consent REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.person_is_there();

CREATE TRIGGER consent_keeps_its_person BEFORE UPDATE OF organisation_id, person_id ON public.consent FOR EACH ROW WHEN (((old.organisation_id IS DISTINCT FROM new.organisation_id) OR (old.person_id IS DISTINCT FROM new.person_id))) EXECUTE FUNCTION public.stays();

CREATE TRIGGER contact_point_has_a_person AFTER INSERT ON public.contact_point REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.person_is_there();

CREATE TRIGGER contact_point_keeps_its_person BEFORE UPDATE OF organisation_id, person_id ON public.contact_point FOR EACH ROW WHEN (((old.organisation_id IS DISTINCT FROM new.organisation_id) OR (old.person_id IS DISTINCT FROM new.person_id))) EXECUTE FUNCTION public.stays();

CREATE TRIGGER coverage_changed AFTER UPDATE OF person_id ON public.account FOR EACH STATEMENT EXECUTE FUNCTION public.coverage_changed();

CREATE TRIGGER coverage_changed AFTER INSERT OR UPDATE ON public.chat_group FOR EACH STATEMENT EXECUTE FUNCTION public.coverage_changed();

CREATE TRIGGER coverage_changed AFTER INSERT OR UPDATE ON public.group_admin FOR EACH STATEMENT EXECUTE FUNCTION public.coverage_changed();

CREATE TRIGGER coverage_changed AFTER INSERT OR DELETE ON public.group_category FOR EACH STATEMENT EXECUTE FUNCTION public.coverage_changed();

CREATE TRIGGER coverage_changed AFTER INSERT OR UPDATE ON public.post FOR EACH STATEMENT EXECUTE FUNCTION public.coverage_changed();

CREATE TRIGGER coverage_changed AFTER INSERT OR UPDATE ON public.unit FOR EACH STATEMENT EXECUTE FUNCTION public.coverage_changed();

CREATE TRIGGER delivery_born AFTER INSERT ON public.delivery REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.tally_born();

CREATE TRIGGER delivery_evidence BEFORE UPDATE ON public.delivery FOR EACH ROW WHEN ((new.evidence < old.evidence)) EXECUTE FUNCTION public.evidence_never_falls();

CREATE TRIGGER delivery_keeps_its_target BEFORE UPDATE OF organisation_id, broadcast_id, group_id, person_id, contact_id ON public.delivery FOR EACH ROW WHEN ((((((old.organisation_id IS DISTINCT FROM new.organisation_id) OR (old.broadcast_id IS DISTINCT FROM new.broadcast_id)) OR (old.group_id IS DISTINCT FROM new.group_id)) OR (old.person_id IS DISTINCT FROM new.person_id)) OR (old.contact_id IS DISTINCT FROM new.contact_id))) EXECUTE FUNCTION public.stays();

CREATE TRIGGER delivery_moved AFTER UPDATE ON public.delivery REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.tally_moved();

CREATE TRIGGER delivery_rung BEFORE INSERT OR UPDATE ON public.delivery FOR EACH ROW WHEN (((new.evidence >= 2) AND (
        CASE new.evidence
            WHEN 2 THEN new.delivered_at
            WHEN 3 THEN new.opened_at
            WHEN 4 THEN new.posted_at
            ELSE new.verified_at
        END IS NULL))) EXECUTE FUNCTION public.rung_is_dated();

CREATE TRIGGER freeze_is_inherited AFTER INSERT ON public.unit_succession REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.freeze_is_inherited();

CREATE TRIGGER freeze_moves AFTER UPDATE ON public.unit REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.freeze_moves();

CREATE TRIGGER person_born AFTER INSERT ON public.person REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.people_born();

CREATE TRIGGER person_found AFTER INSERT ON public.person REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.subject_found('p');

CREATE TRIGGER person_found_anew AFTER UPDATE ON public.person REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.subject_found_anew('p');

CREATE TRIGGER person_keeps_its_key BEFORE UPDATE OF organisation_id, id ON public.person FOR EACH ROW WHEN (((old.organisation_id IS DISTINCT FROM new.organisation_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION public.stays();

CREATE TRIGGER person_moved AFTER UPDATE ON public.person REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.people_moved();

CREATE TRIGGER person_stays BEFORE DELETE OR TRUNCATE ON public.person FOR EACH STATEMENT EXECUTE FUNCTION public.stays();

CREATE TRIGGER record_chained BEFORE INSERT ON public.record FOR EACH ROW EXECUTE FUNCTION public.record_chain();

CREATE TRIGGER record_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.record FOR EACH STATEMENT EXECUTE FUNCTION public.record_is_append_only();

CREATE TRIGGER sighting_needs_the_notice AFTER INSERT ON public.sighting REFERENCING NEW TABLE AS seen FOR EACH STATEMENT EXECUTE FUNCTION public.sighting_needs_the_notice();

CREATE TRIGGER silence_is_inherited AFTER INSERT ON public.unit_succession REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.silence_is_inherited();

CREATE TRIGGER silence_moves AFTER UPDATE ON public.unit REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.silence_moves();

CREATE TRIGGER unit_found AFTER INSERT ON public.unit REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.unit_found('u');

CREATE TRIGGER unit_found_anew AFTER UPDATE ON public.unit REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.unit_found_anew('u');

CREATE TRIGGER unit_keeps_its_key BEFORE UPDATE OF organisation_id, id ON public.unit FOR EACH ROW WHEN (((old.organisation_id IS DISTINCT FROM new.organisation_id) OR (old.id IS DISTINCT FROM new.id))) EXECUTE FUNCTION public.stays();

CREATE TRIGGER unit_stays BEFORE DELETE OR TRUNCATE ON public.unit FOR EACH STATEMENT EXECUTE FUNCTION public.stays();

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_organisation_id_person_id_fkey FOREIGN KEY (organisation_id, person_id) REFERENCES public.person(organisation_id, id);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_organisation_id_unit_id_fkey FOREIGN KEY (organisation_id, unit_id) REFERENCES public.unit(organisation_id, id);

ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_organisation_id_account_id_fkey FOREIGN KEY (organisation_id, account_id) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.area_freeze
    ADD CONSTRAINT area_freeze_organisation_id_lifted_by_fkey FOREIGN KEY (organisation_id, lifted_by) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.area_freeze
    ADD CONSTRAINT area_freeze_organisation_id_ordered_by_fkey FOREIGN KEY (organisation_id, ordered_by) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.area_freeze
    ADD CONSTRAINT area_freeze_organisation_id_unit_id_fkey FOREIGN KEY (organisation_id, unit_id) REFERENCES public.unit(organisation_id, id);

ALTER TABLE ONLY public.arrival
    ADD CONSTRAINT arrival_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.arrival
    ADD CONSTRAINT arrival_organisation_id_group_id_fkey FOREIGN KEY (organisation_id, group_id) REFERENCES public.chat_group(organisation_id, id);

ALTER TABLE ONLY public.broadcast_halt
    ADD CONSTRAINT broadcast_halt_organisation_id_broadcast_id_fkey FOREIGN KEY (organisation_id, broadcast_id) REFERENCES public.broadcast(organisation_id, id);

ALTER TABLE ONLY public.broadcast_halt
    ADD CONSTRAINT broadcast_halt_organisation_id_sender_id_fkey FOREIGN KEY (organisation_id, sender_id) REFERENCES public.sender(organisation_id, id);

ALTER TABLE ONLY public.broadcast
    ADD CONSTRAINT broadcast_organisation_id_approver_id_fkey FOREIGN KEY (organisation_id, approver_id) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.broadcast
    ADD CONSTRAINT broadcast_organisation_id_author_id_fkey FOREIGN KEY (organisation_id, author_id) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.broadcast_text
    ADD CONSTRAINT broadcast_text_organisation_id_broadcast_id_fkey FOREIGN KEY (organisation_id, broadcast_id) REFERENCES public.broadcast(organisation_id, id);

ALTER TABLE ONLY public.broadcast_text
    ADD CONSTRAINT broadcast_text_organisation_id_picture_id_fkey FOREIGN KEY (organisation_id, picture_id) REFERENCES public.picture(organisation_id, id);

ALTER TABLE ONLY public.category
    ADD CONSTRAINT category_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.certificate
    ADD CONSTRAINT certificate_organisation_id_broadcast_id_fkey FOREIGN KEY (organisation_id, broadcast_id) REFERENCES public.broadcast(organisation_id, id);

ALTER TABLE ONLY public.certificate
    ADD CONSTRAINT certificate_organisation_id_entered_by_fkey FOREIGN KEY (organisation_id, entered_by) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.chat_group
    ADD CONSTRAINT chat_group_organisation_id_sender_id_fkey FOREIGN KEY (organisation_id, sender_id) REFERENCES public.sender(organisation_id, id);

ALTER TABLE ONLY public.chat_group
    ADD CONSTRAINT chat_group_organisation_id_unit_id_fkey FOREIGN KEY (organisation_id, unit_id) REFERENCES public.unit(organisation_id, id);

ALTER TABLE ONLY public.cluster
    ADD CONSTRAINT cluster_organisation_id_author_id_fkey FOREIGN KEY (organisation_id, author_id) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.cluster
    ADD CONSTRAINT cluster_organisation_id_closed_by_fkey FOREIGN KEY (organisation_id, closed_by) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.cluster
    ADD CONSTRAINT cluster_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.coverage_count
    ADD CONSTRAINT coverage_count_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.coverage
    ADD CONSTRAINT coverage_organisation_id_unit_id_fkey FOREIGN KEY (organisation_id, unit_id) REFERENCES public.unit(organisation_id, id);

ALTER TABLE ONLY public.doubt_asking
    ADD CONSTRAINT doubt_asking_organisation_id_sender_id_fkey FOREIGN KEY (organisation_id, sender_id) REFERENCES public.sender(organisation_id, id);

ALTER TABLE ONLY public.erased_person
    ADD CONSTRAINT erased_person_organisation_id_person_id_fkey FOREIGN KEY (organisation_id, person_id) REFERENCES public.person(organisation_id, id);

ALTER TABLE ONLY public.exchange
    ADD CONSTRAINT exchange_organisation_id_sender_id_fkey FOREIGN KEY (organisation_id, sender_id) REFERENCES public.sender(organisation_id, id);

ALTER TABLE ONLY public.finding
    ADD CONSTRAINT finding_organisation_id_acknowledged_by_fkey FOREIGN KEY (organisation_id, acknowledged_by) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.finding
    ADD CONSTRAINT finding_organisation_id_broadcast_id_fkey FOREIGN KEY (organisation_id, broadcast_id) REFERENCES public.broadcast(organisation_id, id);

ALTER TABLE ONLY public.group_admin
    ADD CONSTRAINT group_admin_organisation_id_group_id_fkey FOREIGN KEY (organisation_id, group_id) REFERENCES public.chat_group(organisation_id, id);

ALTER TABLE ONLY public.group_admin
    ADD CONSTRAINT group_admin_organisation_id_person_id_fkey FOREIGN KEY (organisation_id, person_id) REFERENCES public.person(organisation_id, id);

ALTER TABLE ONLY public.group_category
    ADD CONSTRAINT group_category_organisation_id_category_key_fkey FOREIGN KEY (organisation_id, category_key) REFERENCES public.category(organisation_id, key);

ALTER TABLE ONLY public.group_category
    ADD CONSTRAINT group_category_organisation_id_group_id_fkey FOREIGN KEY (organisation_id, group_id) REFERENCES public.chat_group(organisation_id, id);

ALTER TABLE ONLY public.group_category_past
    ADD CONSTRAINT group_category_past_organisation_id_category_key_fkey FOREIGN KEY (organisation_id, category_key) REFERENCES public.category(organisation_id, key);

ALTER TABLE ONLY public.group_category_past
    ADD CONSTRAINT group_category_past_organisation_id_group_id_fkey FOREIGN KEY (organisation_id, group_id) REFERENCES public.chat_group(organisation_id, id);

ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.import_chunk
    ADD CONSTRAINT import_chunk_organisation_id_job_id_fkey FOREIGN KEY (organisation_id, job_id) REFERENCES public.import_job(organisation_id, id);

ALTER TABLE ONLY public.import_job
    ADD CONSTRAINT import_job_organisation_id_author_id_fkey FOREIGN KEY (organisation_id, author_id) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.import_job
    ADD CONSTRAINT import_job_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.import_mapping
    ADD CONSTRAINT import_mapping_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.import_report
    ADD CONSTRAINT import_report_organisation_id_job_id_fkey FOREIGN KEY (organisation_id, job_id) REFERENCES public.import_job(organisation_id, id);

ALTER TABLE ONLY public.import_tally
    ADD CONSTRAINT import_tally_organisation_id_job_id_fkey FOREIGN KEY (organisation_id, job_id) REFERENCES public.import_job(organisation_id, id);

ALTER TABLE ONLY public.lawful_hold
    ADD CONSTRAINT lawful_hold_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.level
    ADD CONSTRAINT level_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.membership
    ADD CONSTRAINT membership_organisation_id_category_key_fkey FOREIGN KEY (organisation_id, category_key) REFERENCES public.category(organisation_id, key);

ALTER TABLE ONLY public.membership
    ADD CONSTRAINT membership_organisation_id_person_id_fkey FOREIGN KEY (organisation_id, person_id) REFERENCES public.person(organisation_id, id);

ALTER TABLE ONLY public.message_template
    ADD CONSTRAINT message_template_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.notice
    ADD CONSTRAINT notice_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.office
    ADD CONSTRAINT office_organisation_id_unit_id_fkey FOREIGN KEY (organisation_id, unit_id) REFERENCES public.unit(organisation_id, id);

ALTER TABLE ONLY public.orphan_status
    ADD CONSTRAINT orphan_status_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.picture
    ADD CONSTRAINT picture_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.picture_reference
    ADD CONSTRAINT picture_reference_organisation_id_picture_id_fkey FOREIGN KEY (organisation_id, picture_id) REFERENCES public.picture(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.picture_reference
    ADD CONSTRAINT picture_reference_organisation_id_sender_id_fkey FOREIGN KEY (organisation_id, sender_id) REFERENCES public.sender(organisation_id, id);

ALTER TABLE ONLY public.poll
    ADD CONSTRAINT poll_organisation_id_amends_fkey FOREIGN KEY (organisation_id, amends) REFERENCES public.poll(organisation_id, id);

ALTER TABLE ONLY public.poll
    ADD CONSTRAINT poll_organisation_id_changed_by_fkey FOREIGN KEY (organisation_id, changed_by) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.poll
    ADD CONSTRAINT poll_organisation_id_doubted_by_fkey FOREIGN KEY (organisation_id, doubted_by) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.poll
    ADD CONSTRAINT poll_organisation_id_entered_by_fkey FOREIGN KEY (organisation_id, entered_by) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.poll
    ADD CONSTRAINT poll_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.poll
    ADD CONSTRAINT poll_organisation_id_withdrawn_by_fkey FOREIGN KEY (organisation_id, withdrawn_by) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.portfolio
    ADD CONSTRAINT portfolio_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.portfolio_person
    ADD CONSTRAINT portfolio_person_organisation_id_portfolio_fkey FOREIGN KEY (organisation_id, portfolio) REFERENCES public.portfolio(organisation_id, name);

ALTER TABLE ONLY public.post
    ADD CONSTRAINT post_organisation_id_account_id_fkey FOREIGN KEY (organisation_id, account_id) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.post
    ADD CONSTRAINT post_organisation_id_follows_id_fkey FOREIGN KEY (organisation_id, follows_id) REFERENCES public.post(organisation_id, id);

ALTER TABLE ONLY public.post
    ADD CONSTRAINT post_organisation_id_office_id_fkey FOREIGN KEY (organisation_id, office_id) REFERENCES public.office(organisation_id, id);

ALTER TABLE ONLY public.post
    ADD CONSTRAINT post_organisation_id_person_id_fkey FOREIGN KEY (organisation_id, person_id) REFERENCES public.person(organisation_id, id);

ALTER TABLE ONLY public.post
    ADD CONSTRAINT post_organisation_id_unit_id_fkey FOREIGN KEY (organisation_id, unit_id) REFERENCES public.unit(organisation_id, id);

ALTER TABLE ONLY public.recall
    ADD CONSTRAINT recall_organisation_id_broadcast_id_fkey FOREIGN KEY (organisation_id, broadcast_id) REFERENCES public.broadcast(organisation_id, id);

ALTER TABLE ONLY public.recall
    ADD CONSTRAINT recall_organisation_id_ordered_by_fkey FOREIGN KEY (organisation_id, ordered_by) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.record
    ADD CONSTRAINT record_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.registered_text
    ADD CONSTRAINT registered_text_organisation_id_entered_by_fkey FOREIGN KEY (organisation_id, entered_by) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.relay_assignment
    ADD CONSTRAINT relay_assignment_organisation_id_office_id_fkey FOREIGN KEY (organisation_id, office_id) REFERENCES public.office(organisation_id, id);

ALTER TABLE ONLY public.relay_assignment
    ADD CONSTRAINT relay_assignment_organisation_id_person_id_fkey FOREIGN KEY (organisation_id, person_id) REFERENCES public.person(organisation_id, id);

ALTER TABLE ONLY public.relay_assignment
    ADD CONSTRAINT relay_assignment_organisation_id_task_id_fkey FOREIGN KEY (organisation_id, task_id) REFERENCES public.relay_task(organisation_id, id);

ALTER TABLE ONLY public.relay_task
    ADD CONSTRAINT relay_task_organisation_id_delivery_id_fkey FOREIGN KEY (organisation_id, delivery_id) REFERENCES public.delivery(organisation_id, id);

ALTER TABLE ONLY public.relay_task
    ADD CONSTRAINT relay_task_organisation_id_group_id_fkey FOREIGN KEY (organisation_id, group_id) REFERENCES public.chat_group(organisation_id, id);

ALTER TABLE ONLY public.report_account
    ADD CONSTRAINT report_account_organisation_id_broadcast_id_fkey FOREIGN KEY (organisation_id, broadcast_id) REFERENCES public.broadcast(organisation_id, id);

ALTER TABLE ONLY public.report_kept
    ADD CONSTRAINT report_kept_organisation_id_broadcast_id_fkey FOREIGN KEY (organisation_id, broadcast_id) REFERENCES public.broadcast(organisation_id, id);

ALTER TABLE ONLY public.report_pace
    ADD CONSTRAINT report_pace_organisation_id_broadcast_id_fkey FOREIGN KEY (organisation_id, broadcast_id) REFERENCES public.broadcast(organisation_id, id);

ALTER TABLE ONLY public.retraction
    ADD CONSTRAINT retraction_organisation_id_delivery_id_fkey FOREIGN KEY (organisation_id, delivery_id) REFERENCES public.delivery(organisation_id, id);

ALTER TABLE ONLY public.saved_audience
    ADD CONSTRAINT saved_audience_organisation_id_author_id_fkey FOREIGN KEY (organisation_id, author_id) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.saved_filter
    ADD CONSTRAINT saved_filter_organisation_id_account_id_fkey FOREIGN KEY (organisation_id, account_id) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.sender
    ADD CONSTRAINT sender_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.sender_standing
    ADD CONSTRAINT sender_standing_organisation_id_sender_id_fkey FOREIGN KEY (organisation_id, sender_id) REFERENCES public.sender(organisation_id, id);

ALTER TABLE ONLY public.sender_state
    ADD CONSTRAINT sender_state_organisation_id_sender_id_fkey FOREIGN KEY (organisation_id, sender_id) REFERENCES public.sender(organisation_id, id);

ALTER TABLE ONLY public.sender_stop
    ADD CONSTRAINT sender_stop_organisation_id_sender_id_fkey FOREIGN KEY (organisation_id, sender_id) REFERENCES public.sender(organisation_id, id);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_organisation_id_account_id_fkey FOREIGN KEY (organisation_id, account_id) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.sighting
    ADD CONSTRAINT sighting_organisation_id_cluster_id_fkey FOREIGN KEY (organisation_id, cluster_id) REFERENCES public.cluster(organisation_id, id);

ALTER TABLE ONLY public.sighting
    ADD CONSTRAINT sighting_organisation_id_group_id_fkey FOREIGN KEY (organisation_id, group_id) REFERENCES public.chat_group(organisation_id, id);

ALTER TABLE ONLY public.sighting
    ADD CONSTRAINT sighting_organisation_id_noted_by_fkey FOREIGN KEY (organisation_id, noted_by) REFERENCES public.account(organisation_id, id);

ALTER TABLE ONLY public.sign_in_failure
    ADD CONSTRAINT sign_in_failure_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.silence
    ADD CONSTRAINT silence_organisation_id_poll_id_fkey FOREIGN KEY (organisation_id, poll_id) REFERENCES public.poll(organisation_id, id);

ALTER TABLE ONLY public.silence
    ADD CONSTRAINT silence_organisation_id_unit_id_fkey FOREIGN KEY (organisation_id, unit_id) REFERENCES public.unit(organisation_id, id);

ALTER TABLE ONLY public.suppressed_person
    ADD CONSTRAINT suppressed_person_organisation_id_person_id_fkey FOREIGN KEY (organisation_id, person_id) REFERENCES public.person(organisation_id, id);

ALTER TABLE ONLY public.suppression
    ADD CONSTRAINT suppression_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.template_fetch
    ADD CONSTRAINT template_fetch_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.unit
    ADD CONSTRAINT unit_organisation_id_level_rank_fkey FOREIGN KEY (organisation_id, level_rank) REFERENCES public.level(organisation_id, rank);

ALTER TABLE ONLY public.unit
    ADD CONSTRAINT unit_organisation_id_parent_id_fkey FOREIGN KEY (organisation_id, parent_id) REFERENCES public.unit(organisation_id, id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.unit_past
    ADD CONSTRAINT unit_past_organisation_id_parent_id_fkey FOREIGN KEY (organisation_id, parent_id) REFERENCES public.unit(organisation_id, id);

ALTER TABLE ONLY public.unit_past
    ADD CONSTRAINT unit_past_organisation_id_unit_id_fkey FOREIGN KEY (organisation_id, unit_id) REFERENCES public.unit(organisation_id, id);

ALTER TABLE ONLY public.unit_succession
    ADD CONSTRAINT unit_succession_organisation_id_from_id_fkey FOREIGN KEY (organisation_id, from_id) REFERENCES public.unit(organisation_id, id);

ALTER TABLE ONLY public.unit_succession
    ADD CONSTRAINT unit_succession_organisation_id_to_id_fkey FOREIGN KEY (organisation_id, to_id) REFERENCES public.unit(organisation_id, id);

ALTER TABLE public.account ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.api_token ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.area_freeze ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.arrival ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.broadcast ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.broadcast_halt ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.broadcast_text ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.category ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.certificate ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.chat_group ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.cluster ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.consent ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.contact_point ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.coverage ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.coverage_change ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.coverage_count ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.delivery ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.doubt_asking ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.erased_person ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.exchange ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.finding ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.group_admin ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.group_category ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.group_category_past ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.idempotency ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.import_chunk ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.import_job ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.import_mapping ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.import_report ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.import_tally ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.lawful_hold ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.level ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.membership ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.message_template ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.notice ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.office ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.orphan_status ENABLE ROW LEVEL SECURITY;

CREATE POLICY own_organisation ON public.account USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.api_token USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.area_freeze USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.arrival USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.broadcast USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.broadcast_halt USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.broadcast_text USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.category USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.certificate USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.chat_group USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.cluster USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.consent USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.contact_point USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.coverage USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.coverage_change USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.coverage_count USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.delivery USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.doubt_asking USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.erased_person USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.exchange USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.finding USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.group_admin USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.group_category USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.group_category_past USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.idempotency USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.import_chunk USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.import_job USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.import_mapping USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.import_report USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.import_tally USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.lawful_hold USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.level USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.membership USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.message_template USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.notice USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.office USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.orphan_status USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.person USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.picture USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.picture_reference USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.poll USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.portfolio USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.portfolio_person USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.post USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.recall USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.record USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.registered_text USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.relay_assignment USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.relay_task USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.report_account USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.report_kept USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.report_pace USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.retraction USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.saved_audience USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.saved_filter USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.search_entry USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.sender USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.sender_standing USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.sender_state USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.sender_stop USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.session USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.sighting USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.sign_in_failure USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.silence USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.suppressed_person USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.suppression USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.tally USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.template_fetch USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.unit USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.unit_past USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.unit_succession USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

CREATE POLICY own_organisation ON public.unit_tally USING ((organisation_id = ( SELECT public.current_organisation() AS current_organisation))) WITH CHECK ((organisation_id = ( SELECT public.current_organisation() AS current_organisation)));

ALTER TABLE public.person ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.picture ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.picture_reference ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.poll ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.portfolio ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.portfolio_person ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.post ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.recall ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.record ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.registered_text ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.relay_assignment ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.relay_task ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.report_account ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.report_kept ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.report_pace ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.retraction ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.saved_audience ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.saved_filter ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.search_entry ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sender ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sender_standing ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sender_state ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sender_stop ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.session ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sighting ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.sign_in_failure ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.silence ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.suppressed_person ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.suppression ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.tally ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.template_fetch ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.unit ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.unit_past ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.unit_succession ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.unit_tally ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA public TO chaupal_program;

REVOKE ALL ON FUNCTION public.hold_units(owners integer[], units uuid[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.measure_directory() FROM PUBLIC;
GRANT ALL ON FUNCTION public.measure_directory() TO chaupal_program;

REVOKE ALL ON FUNCTION public.purge_erased(due timestamp with time zone, batch integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.purge_erased(due timestamp with time zone, batch integer) TO chaupal_program;

GRANT SELECT,INSERT ON TABLE public.record TO chaupal_program;

REVOKE ALL ON PROCEDURE public.seal(IN sealed regclass, IN privileges text) FROM PUBLIC;

GRANT SELECT,INSERT,UPDATE ON TABLE public.account TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.api_token TO chaupal_program;

GRANT SELECT,INSERT ON TABLE public.area_freeze TO chaupal_program;

GRANT UPDATE(lifted_by) ON TABLE public.area_freeze TO chaupal_program;

GRANT UPDATE(lifted_label) ON TABLE public.area_freeze TO chaupal_program;

GRANT UPDATE(lifted_at) ON TABLE public.area_freeze TO chaupal_program;

GRANT SELECT,INSERT,DELETE ON TABLE public.arrival TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.broadcast TO chaupal_program;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.broadcast_halt TO chaupal_program;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.broadcast_text TO chaupal_program;

GRANT SELECT,INSERT ON TABLE public.category TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.certificate TO chaupal_program;

GRANT SELECT ON TABLE public.channel_exclusion TO chaupal_program;

GRANT SELECT,INSERT ON TABLE public.chat_group TO chaupal_program;

GRANT UPDATE(unit_id) ON TABLE public.chat_group TO chaupal_program;

GRANT UPDATE(name) ON TABLE public.chat_group TO chaupal_program;

GRANT UPDATE(sender_id) ON TABLE public.chat_group TO chaupal_program;

GRANT UPDATE(address) ON TABLE public.chat_group TO chaupal_program;

GRANT UPDATE(language) ON TABLE public.chat_group TO chaupal_program;

GRANT UPDATE(size) ON TABLE public.chat_group TO chaupal_program;

GRANT UPDATE(size_at) ON TABLE public.chat_group TO chaupal_program;

GRANT UPDATE(carries_notice) ON TABLE public.chat_group TO chaupal_program;

GRANT UPDATE(archived_at) ON TABLE public.chat_group TO chaupal_program;

GRANT UPDATE(invite_sealed) ON TABLE public.chat_group TO chaupal_program;

GRANT UPDATE(invite_lookup) ON TABLE public.chat_group TO chaupal_program;

GRANT UPDATE(search_key) ON TABLE public.chat_group TO chaupal_program;

GRANT UPDATE(address_since) ON TABLE public.chat_group TO chaupal_program;

GRANT SELECT ON TABLE public.chosen_group TO chaupal_program;

GRANT SELECT ON TABLE public.chosen_person TO chaupal_program;

GRANT SELECT,INSERT ON TABLE public.cluster TO chaupal_program;

GRANT UPDATE(sealed_text) ON TABLE public.cluster TO chaupal_program;

GRANT UPDATE(verdict) ON TABLE public.cluster TO chaupal_program;

GRANT UPDATE(closed_by) ON TABLE public.cluster TO chaupal_program;

GRANT UPDATE(closed_label) ON TABLE public.cluster TO chaupal_program;

GRANT UPDATE(closed_at) ON TABLE public.cluster TO chaupal_program;

GRANT SELECT,INSERT ON TABLE public.consent TO chaupal_program;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.contact_point TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.coverage TO chaupal_program;

GRANT SELECT,DELETE ON TABLE public.coverage_change TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.coverage_count TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.delivery TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.person TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.unit TO chaupal_program;

GRANT SELECT ON TABLE public.delivery_told TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.doubt_asking TO chaupal_program;

GRANT SELECT,INSERT,DELETE ON TABLE public.erased_person TO chaupal_program;

GRANT SELECT,INSERT,DELETE ON TABLE public.exchange TO chaupal_program;

GRANT SELECT,INSERT ON TABLE public.organisation TO chaupal_program;

GRANT SELECT ON TABLE public.excluded_channel TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.finding TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.group_admin TO chaupal_program;

GRANT SELECT,INSERT,DELETE ON TABLE public.group_category TO chaupal_program;

GRANT SELECT,INSERT ON TABLE public.group_category_past TO chaupal_program;

GRANT SELECT,INSERT,DELETE ON TABLE public.idempotency TO chaupal_program;

GRANT SELECT,INSERT,DELETE ON TABLE public.import_chunk TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.import_job TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.import_mapping TO chaupal_program;

GRANT SELECT,INSERT,DELETE ON TABLE public.import_report TO chaupal_program;

GRANT SELECT,INSERT,DELETE ON TABLE public.import_tally TO chaupal_program;

GRANT SELECT,INSERT ON TABLE public.lawful_hold TO chaupal_program;

GRANT SELECT,INSERT ON TABLE public.level TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.membership TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.message_template TO chaupal_program;

GRANT SELECT ON TABLE public.migration TO chaupal_program;

GRANT SELECT,INSERT ON TABLE public.notice TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.office TO chaupal_program;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.orphan_status TO chaupal_program;

GRANT SELECT,INSERT,DELETE ON TABLE public.picture TO chaupal_program;

GRANT UPDATE(added_at) ON TABLE public.picture TO chaupal_program;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.picture_reference TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.poll TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.portfolio TO chaupal_program;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.portfolio_person TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.post TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.projection TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.recall TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.registered_text TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.relay_assignment TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.relay_task TO chaupal_program;

GRANT SELECT,INSERT,DELETE ON TABLE public.report_account TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.report_kept TO chaupal_program;

GRANT SELECT,INSERT,DELETE ON TABLE public.report_pace TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.retraction TO chaupal_program;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.saved_audience TO chaupal_program;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.saved_filter TO chaupal_program;

GRANT SELECT ON TABLE public.search_entry TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.sender TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.sender_standing TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.sender_state TO chaupal_program;

GRANT SELECT,INSERT,DELETE ON TABLE public.sender_stop TO chaupal_program;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.session TO chaupal_program;

GRANT SELECT,INSERT ON TABLE public.sighting TO chaupal_program;

GRANT UPDATE(first_seen_at) ON TABLE public.sighting TO chaupal_program;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sign_in_failure TO chaupal_program;

GRANT SELECT,INSERT ON TABLE public.silence TO chaupal_program;

GRANT UPDATE(lifted_at) ON TABLE public.silence TO chaupal_program;

GRANT SELECT ON TABLE public.staged_admin TO chaupal_program;

GRANT SELECT ON TABLE public.staged_change TO chaupal_program;

GRANT SELECT ON TABLE public.staged_contact TO chaupal_program;

GRANT SELECT ON TABLE public.staged_group TO chaupal_program;

GRANT SELECT ON TABLE public.staged_known TO chaupal_program;

GRANT SELECT ON TABLE public.staged_membership TO chaupal_program;

GRANT SELECT ON TABLE public.staged_office TO chaupal_program;

GRANT SELECT ON TABLE public.staged_person TO chaupal_program;

GRANT SELECT ON TABLE public.staged_post TO chaupal_program;

GRANT SELECT ON TABLE public.staged_refusal TO chaupal_program;

GRANT SELECT ON TABLE public.staged_unit TO chaupal_program;

GRANT SELECT ON TABLE public.staged_verdict TO chaupal_program;

GRANT SELECT ON TABLE public.stillness TO chaupal_program;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.suppressed_person TO chaupal_program;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.suppression TO chaupal_program;

GRANT SELECT,INSERT,DELETE ON TABLE public.tally TO chaupal_program;

GRANT SELECT,INSERT,UPDATE ON TABLE public.template_fetch TO chaupal_program;

GRANT SELECT,INSERT ON TABLE public.unit_past TO chaupal_program;

GRANT SELECT,INSERT ON TABLE public.unit_succession TO chaupal_program;

GRANT SELECT,INSERT,DELETE ON TABLE public.unit_tally TO chaupal_program;

GRANT SELECT ON TABLE public.writable TO chaupal_program;

GRANT SELECT ON TABLE public.writable_in_bulk TO chaupal_program;
