-- Rules of law as data: the calendar of polls, and the silence that follows from each.

-- A polling day in some units: its silence is the last `silence_h` hours before the poll closes. It
-- is entered by one person and holds at once; taking it back needs a second one.
CREATE TABLE poll (
    organisation_id   integer NOT NULL REFERENCES organisation,
    id                uuid NOT NULL,
    election          text NOT NULL,
    phase             text NOT NULL,
    opens_at          timestamptz NOT NULL,
    closes_at         timestamptz NOT NULL,
    silence_h         smallint NOT NULL,
    source            text NOT NULL,
    entered_by        uuid NOT NULL,
    entered_label     text NOT NULL,
    entered_at        timestamptz NOT NULL,
    doubted_by        uuid,
    doubted_label     text,
    doubted_at        timestamptz,
    doubt             text,
    withdrawn_by      uuid,
    withdrawn_label   text,
    withdrawn_at      timestamptz,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, entered_by) REFERENCES account,
    FOREIGN KEY (organisation_id, doubted_by) REFERENCES account,
    FOREIGN KEY (organisation_id, withdrawn_by) REFERENCES account,
    CONSTRAINT poll_is_named CHECK (election <> '' AND length(election) <= 200 AND length(phase) <= 100),
    CONSTRAINT poll_has_a_source CHECK (source <> '' AND length(source) <= 300),
    CONSTRAINT poll_closes_after_it_opened CHECK (closes_at > opens_at),
    CONSTRAINT silence_is_as_long_as_the_law_says CHECK (silence_h BETWEEN 48 AND 240),
    CONSTRAINT doubt_is_whole CHECK (
        (doubted_by IS NULL) = (doubted_at IS NULL) AND (doubted_by IS NULL) = (doubted_label IS NULL)
        AND (doubted_by IS NULL) = (doubt IS NULL) AND doubt <> '' AND length(doubt) <= 300),
    CONSTRAINT withdrawal_is_whole CHECK (
        (withdrawn_by IS NULL) = (withdrawn_at IS NULL)
        AND (withdrawn_by IS NULL) = (withdrawn_label IS NULL)),
    CONSTRAINT withdrawn_by_two_people CHECK (
        withdrawn_by IS NULL OR (doubted_by IS NOT NULL AND doubted_by <> withdrawn_by))
);
CREATE INDEX poll_newest ON poll (organisation_id, closes_at DESC, id);
CALL seal('poll', 'SELECT, INSERT, UPDATE');

-- The silences of a poll say where it is held: they move, and are inherited, with the tree.
ALTER TABLE silence
    ADD COLUMN poll_id   uuid,
    ADD COLUMN lifted_at timestamptz,
    ADD FOREIGN KEY (organisation_id, poll_id) REFERENCES poll;
CREATE INDEX silence_poll ON silence (organisation_id, poll_id);
GRANT UPDATE (lifted_at) ON silence TO chaupal_program;

CREATE OR REPLACE FUNCTION silence_moves() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
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

CREATE OR REPLACE FUNCTION silence_is_inherited() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
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

-- What the law keeps still, as every claim reads it. `why` stands in a delivery's `failure` for as
-- long as it is held back, and stays there if its time runs out meanwhile. A silence also holds for
-- those above its area, whose members vote in it.
CREATE VIEW stillness WITH (security_invoker = true) AS
SELECT q.organisation_id, q.id, 'silence' AS why, q.unit_id, area.path, area.path_end,
       q.starts_at, q.ends_at, false AS everything, true AS reaches_up, q.poll_id
  FROM silence q
  JOIN unit area ON area.organisation_id = q.organisation_id AND area.id = q.unit_id
 WHERE q.lifted_at IS NULL;
GRANT SELECT ON stillness TO chaupal_program;
