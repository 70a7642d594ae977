-- Audiences that are kept under a name, for everybody whose part of the tree holds their author's.
-- `author_units` are the units that the author could reach when it was kept.
CREATE TABLE saved_audience (
    organisation_id integer NOT NULL,
    id              uuid NOT NULL,
    name            text NOT NULL,
    purpose         group_purpose NOT NULL,
    audience        jsonb NOT NULL,
    author_id       uuid NOT NULL,
    author_label    text NOT NULL,
    author_units    uuid[] NOT NULL,
    saved_at        timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, author_id, name),
    FOREIGN KEY (organisation_id, author_id) REFERENCES account,
    CONSTRAINT audience_is_named   CHECK (name <> '' AND length(name) <= 60),
    CONSTRAINT audience_has_author CHECK (cardinality(author_units) > 0)
);
CALL seal('saved_audience', 'SELECT, INSERT, UPDATE, DELETE');
