-- Imports as work: a file waits in sealed pieces, a worker imports it under a lease, and what
-- became of each row is kept for a while.

CREATE TYPE import_stage AS ENUM (
    'uploading', 'uploaded', 'mapped', 'checking', 'checked', 'ordered', 'importing',
    'done', 'failed', 'cancelled');

-- `author_units` are the units at which its author might import: what stays true when they move.
-- Name and columns are a person's words, so they are sealed. `attempts` counts the runs of one
-- stage. `check_s`, `checked_rows` and `changes` are what the dry run found, by which it can be
-- said how long the import will take.
CREATE TABLE import_job (
    organisation_id integer NOT NULL REFERENCES organisation,
    id              uuid NOT NULL,
    kind            text NOT NULL,
    stage           import_stage NOT NULL DEFAULT 'uploading',
    sealed_name     bytea,
    sealed_columns  bytea,
    author_id       uuid NOT NULL,
    author_label    text NOT NULL,
    author_units    uuid[] NOT NULL,
    created_at      timestamptz NOT NULL,
    ordered_at      timestamptz,
    ended_at        timestamptz,
    bytes           bigint NOT NULL DEFAULT 0,
    chunks          integer NOT NULL DEFAULT 0,
    lease_owner     uuid,
    lease_until     timestamptz,
    attempts        smallint NOT NULL DEFAULT 0,
    began_at        timestamptz,
    phase           text,
    phase_at        timestamptz,
    rows            bigint NOT NULL DEFAULT 0,
    bytes_read      bigint NOT NULL DEFAULT 0,
    told_at         timestamptz,
    check_s         double precision,
    checked_rows    integer,
    changes         integer,
    first_refused   jsonb NOT NULL DEFAULT '[]',
    failure         text,
    facts           jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, author_id) REFERENCES account,
    CONSTRAINT a_file_has_a_limit CHECK (bytes BETWEEN 0 AND 2147483648),
    CONSTRAINT runs_under_a_lease CHECK (
        (stage IN ('checking', 'importing')) = (lease_until IS NOT NULL)
        AND (lease_owner IS NULL) = (lease_until IS NULL)),
    CONSTRAINT failed_says_why CHECK ((stage = 'failed') = (failure IS NOT NULL)),
    CONSTRAINT ended_is_dated CHECK (
        (stage IN ('done', 'failed', 'cancelled')) = (ended_at IS NOT NULL)),
    CONSTRAINT checked_is_counted CHECK (
        num_nulls(check_s, checked_rows, changes) IN (0, 3) AND changes <= checked_rows),
    CONSTRAINT ordered_after_a_check CHECK (
        stage NOT IN ('checked', 'ordered', 'importing', 'done') OR check_s IS NOT NULL),
    CONSTRAINT imported_as_mapped CHECK (
        stage IN ('uploading', 'uploaded', 'failed', 'cancelled') OR sealed_columns IS NOT NULL)
);
-- Imports of one organisation run one after the other.
CREATE UNIQUE INDEX import_job_running ON import_job (organisation_id)
    WHERE stage IN ('checking', 'importing');
CREATE INDEX import_job_open ON import_job (organisation_id, id) WHERE ended_at IS NULL;
CALL seal('import_job', 'SELECT, INSERT, UPDATE');

-- The file, a megabyte in each piece: web and worker may be different machines.
CREATE TABLE import_chunk (
    organisation_id integer NOT NULL,
    job_id          uuid NOT NULL,
    position        integer NOT NULL,
    sealed          bytea NOT NULL,
    PRIMARY KEY (organisation_id, job_id, position),
    FOREIGN KEY (organisation_id, job_id) REFERENCES import_job
);
ALTER TABLE import_chunk ALTER COLUMN sealed SET STORAGE EXTERNAL;
CALL seal('import_chunk', 'SELECT, INSERT, DELETE');

-- How each line ended, as a file of its own: of the dry run, then of the import.
CREATE TABLE import_report (
    organisation_id integer NOT NULL,
    job_id          uuid NOT NULL,
    position        integer NOT NULL,
    sealed          bytea NOT NULL,
    PRIMARY KEY (organisation_id, job_id, position),
    FOREIGN KEY (organisation_id, job_id) REFERENCES import_job
);
ALTER TABLE import_report ALTER COLUMN sealed SET STORAGE EXTERNAL;
CALL seal('import_report', 'SELECT, INSERT, DELETE');

-- How many rows ended in which way, and why; first as the dry run counted them.
CREATE TABLE import_tally (
    organisation_id integer NOT NULL,
    job_id          uuid NOT NULL,
    dry_run         boolean NOT NULL,
    outcome         text NOT NULL,
    refusal         text,
    rows            integer NOT NULL,
    UNIQUE NULLS NOT DISTINCT (organisation_id, job_id, dry_run, outcome, refusal),
    FOREIGN KEY (organisation_id, job_id) REFERENCES import_job,
    CONSTRAINT there_are_some CHECK (rows > 0),
    CONSTRAINT refused_says_why CHECK ((outcome = 'refused') = (refusal IS NOT NULL))
);
CALL seal('import_tally', 'SELECT, INSERT, DELETE');
