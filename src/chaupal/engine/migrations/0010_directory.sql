-- Imports: rows of a file are staged, judged and taken over by set-based statements.
--
-- The tables here stay empty: they are the shapes. An import makes a temporary table of the
-- same name, which PostgreSQL finds first, keeps to one session, and drops at commit. Nobody is
-- granted INSERT on a shape, so staging without the temporary table fails loudly.

DO $$
BEGIN
    IF NOT has_database_privilege('chaupal_program', current_database(), 'TEMPORARY') THEN
        EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO chaupal_program', current_database());
    END IF;
END
$$;

CREATE TABLE staged_unit (
    line        integer PRIMARY KEY,
    id          uuid,
    code        text,
    parent_code text,
    level       text,
    name_hi     text,
    name_en     text,
    refusal     text,
    culprit     text,
    outcome     text,
    known_id    uuid,
    level_rank  smallint,
    number      integer,
    parent_id   uuid,
    path        text
);
GRANT SELECT ON staged_unit TO chaupal_program;

CREATE TABLE staged_person (
    line            integer PRIMARY KEY,
    id              uuid,
    reference       text,
    unit_code       text,
    name            text,
    language        text,
    phone_sealed    bytea,
    phone_lookup    bytea,
    telegram_sealed bytea,
    telegram_lookup bytea,
    matrix_sealed   bytea,
    matrix_lookup   bytea,
    sandbox_sealed  bytea,
    sandbox_lookup  bytea,
    basis           text,
    proof           text,
    notice_version  text,
    purposes        text,
    refusal         text,
    culprit         text,
    outcome         text,
    known           boolean,
    unit_id         uuid
);
GRANT SELECT ON staged_person TO chaupal_program;

CREATE TABLE staged_contact (
    line      integer NOT NULL,
    person_id uuid NOT NULL,
    channel   text NOT NULL,
    sealed    bytea NOT NULL,
    lookup    bytea NOT NULL
);
GRANT SELECT ON staged_contact TO chaupal_program;

CREATE TABLE staged_group (
    line       integer PRIMARY KEY,
    id         uuid,
    address    text,
    unit_code  text,
    name       text,
    purpose    text,
    channel    text,
    sender     text,
    language   text,
    size       integer,
    categories text,
    admins     text,
    notice     boolean,
    refusal    text,
    culprit    text,
    outcome    text,
    known      boolean,
    unit_id    uuid,
    sender_id  uuid
);
GRANT SELECT ON staged_group TO chaupal_program;

CREATE TABLE staged_admin (
    line      integer NOT NULL,
    person_id uuid NOT NULL,
    turn      smallint NOT NULL,
    PRIMARY KEY (line, person_id)
);
GRANT SELECT ON staged_admin TO chaupal_program;

CREATE TABLE staged_post (
    id        uuid NOT NULL,
    unit_code text NOT NULL,
    reference text NOT NULL,
    role      text NOT NULL,
    title_hi  text NOT NULL,
    title_en  text NOT NULL,
    since     date NOT NULL
);
GRANT SELECT ON staged_post TO chaupal_program;

-- Pages of the directory are read by name.
CREATE INDEX chat_group_name ON chat_group (organisation_id, name, id);

-- After a large import the planner must not wait a minute for autovacuum, and the program's
-- role owns nothing that it could analyse by itself.
CREATE FUNCTION measure_directory() RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS 'ANALYZE public.unit, public.person, public.contact_point, public.consent,
            public.chat_group, public.group_category, public.group_admin, public.post';
REVOKE EXECUTE ON FUNCTION measure_directory() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION measure_directory() TO chaupal_program;
