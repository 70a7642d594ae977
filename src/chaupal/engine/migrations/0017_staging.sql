-- Staging of people without a rewrite. A staged row never changes; what an import finds out about
-- it is noted beside it, by line: that it is refused, whom it is already known as, and that it
-- brings something new of them. As in 0010 the tables here stay empty, they are the shapes.

DROP TABLE staged_person;
CREATE TABLE staged_person (
    line       integer PRIMARY KEY,
    id         uuid NOT NULL,
    reference  text NOT NULL,
    unit_code  text NOT NULL,
    name       text NOT NULL,
    language   text,
    search_key text NOT NULL
);
GRANT SELECT ON staged_person TO chaupal_program;

-- With the consent that comes with each address.
DROP TABLE staged_contact;
CREATE TABLE staged_contact (
    line           integer NOT NULL,
    person_id      uuid NOT NULL,
    channel        text NOT NULL,
    sealed         bytea NOT NULL,
    lookup         bytea NOT NULL,
    language       text,
    basis          text,
    proof          text,
    notice_version text,
    purposes       text
);
CREATE INDEX staged_contact_line ON staged_contact (line);
GRANT SELECT ON staged_contact TO chaupal_program;

CREATE TABLE staged_refusal (
    line    integer PRIMARY KEY,
    refusal text NOT NULL,
    culprit text
);
GRANT SELECT ON staged_refusal TO chaupal_program;

CREATE TABLE staged_known (
    line     integer PRIMARY KEY,
    id       uuid NOT NULL,
    from_id  uuid NOT NULL,
    unit_id  uuid NOT NULL,
    language text NOT NULL,
    differs  boolean NOT NULL
);
GRANT SELECT ON staged_known TO chaupal_program;

CREATE TABLE staged_change (line integer PRIMARY KEY);
GRANT SELECT ON staged_change TO chaupal_program;

-- How each line ended, whatever the file brings: a temporary view of this shape.
CREATE TABLE staged_verdict (
    line    integer NOT NULL,
    outcome text NOT NULL,
    refusal text,
    culprit text
);
GRANT SELECT ON staged_verdict TO chaupal_program;

-- Imports measure on their way, and hold what they measure until they end: others need not wait.
CREATE OR REPLACE FUNCTION measure_directory() RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS 'ANALYZE (SKIP_LOCKED) public.unit, public.person, public.contact_point, public.consent,
            public.chat_group, public.group_category, public.group_admin, public.post,
            public.membership, public.search_entry, public.unit_tally';
