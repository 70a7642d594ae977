-- A text that goes round, as somebody of the desk has named it, and the groups in which it was seen.
-- Its wording is kept sealed, and forgotten after a while; what it is called stays.
CREATE TYPE cluster_verdict AS ENUM ('false', 'misleading', 'unproven', 'true');
CREATE TABLE cluster (
    organisation_id integer NOT NULL REFERENCES organisation,
    id              uuid NOT NULL,
    name            text NOT NULL,
    sealed_text     bytea,
    text_until      timestamptz NOT NULL,
    author_id       uuid NOT NULL,
    author_label    text NOT NULL,
    author_units    uuid[] NOT NULL,
    noted_at        timestamptz NOT NULL,
    verdict         cluster_verdict,
    closed_by       uuid,
    closed_label    text,
    closed_at       timestamptz,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, author_id) REFERENCES account,
    FOREIGN KEY (organisation_id, closed_by) REFERENCES account,
    CONSTRAINT cluster_is_named CHECK (name <> '' AND length(name) <= 200),
    CONSTRAINT cluster_is_noted_somewhere CHECK (cardinality(author_units) > 0),
    CONSTRAINT verdict_is_whole CHECK (
        (verdict IS NULL) = (closed_at IS NULL) AND (verdict IS NULL) = (closed_by IS NULL)
        AND (verdict IS NULL) = (closed_label IS NULL))
);
CREATE INDEX cluster_newest ON cluster (organisation_id, noted_at DESC, id);
CREATE INDEX cluster_to_forget ON cluster (organisation_id, text_until) WHERE sealed_text IS NOT NULL;
CALL seal('cluster', 'SELECT, INSERT');
GRANT UPDATE (sealed_text, verdict, closed_by, closed_label, closed_at) ON cluster TO chaupal_program;

-- A group in which it was seen first at that time. Groups of ours alone, and such as carry the notice
-- that they may be read.
CREATE TYPE sighting_source AS ENUM ('operator', 'export', 'watch');
CREATE TABLE sighting (
    organisation_id integer NOT NULL,
    cluster_id      uuid NOT NULL,
    group_id        uuid NOT NULL,
    first_seen_at   timestamptz NOT NULL,
    source          sighting_source NOT NULL,
    noted_by        uuid,
    noted_label     text NOT NULL,
    noted_at        timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, cluster_id, group_id),
    FOREIGN KEY (organisation_id, cluster_id) REFERENCES cluster,
    FOREIGN KEY (organisation_id, group_id) REFERENCES chat_group,
    FOREIGN KEY (organisation_id, noted_by) REFERENCES account,
    CONSTRAINT people_note_what_operators_saw CHECK (source <> 'operator' OR noted_by IS NOT NULL)
);
CREATE INDEX sighting_group ON sighting (organisation_id, group_id);
CALL seal('sighting', 'SELECT, INSERT');
GRANT UPDATE (first_seen_at) ON sighting TO chaupal_program;

CREATE FUNCTION sighting_needs_the_notice() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM seen s
                 JOIN public.chat_group g ON g.organisation_id = s.organisation_id AND g.id = s.group_id
                WHERE NOT g.carries_notice) THEN
        RAISE EXCEPTION 'a group without the notice is not read' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER sighting_needs_the_notice AFTER INSERT ON sighting
    REFERENCING NEW TABLE AS seen FOR EACH STATEMENT EXECUTE FUNCTION sighting_needs_the_notice();
