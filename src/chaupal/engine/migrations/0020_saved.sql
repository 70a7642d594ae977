-- Filters that somebody keeps for themselves, as the query of a page's address: it holds choices
-- from lists and codes of units, and nobody's name.
CREATE TABLE saved_filter (
    organisation_id integer NOT NULL,
    account_id      uuid NOT NULL,
    id              uuid NOT NULL,
    page            text NOT NULL,
    name            text NOT NULL,
    query           text NOT NULL,
    saved_at        timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, account_id, id),
    UNIQUE (organisation_id, account_id, page, name),
    FOREIGN KEY (organisation_id, account_id) REFERENCES account,
    CONSTRAINT page_is_known   CHECK (page IN ('people', 'groups')),
    CONSTRAINT filter_is_named CHECK (name <> '' AND length(name) <= 60),
    CONSTRAINT query_is_short  CHECK (length(query) <= 1000)
);
CALL seal('saved_filter', 'SELECT, INSERT, UPDATE, DELETE');

-- The shape of the people whom a bulk action was chosen for; each transaction makes its own.
CREATE TABLE chosen_person (
    person_id uuid PRIMARY KEY
);
GRANT SELECT ON chosen_person TO chaupal_program;
