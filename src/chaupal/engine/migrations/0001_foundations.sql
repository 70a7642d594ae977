-- What every other table stands on: who may see which row, and how a table is sealed.
--
-- The program's role owns nothing. A table with organisation_id is sealed by `seal`, which
-- turns row-level security on (for its owner as well) and grants only what is named. The policy
-- asks for the organisation in a sub-select, which is evaluated once a statement, not once a row.

CREATE FUNCTION current_organisation() RETURNS integer
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('chaupal.organisation', true), '')::integer;

CREATE PROCEDURE seal(sealed regclass, privileges text)
    LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', sealed);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', sealed);
    EXECUTE format(
        'CREATE POLICY own_organisation ON %s USING (organisation_id = (SELECT current_organisation()))'
        ' WITH CHECK (organisation_id = (SELECT current_organisation()))', sealed);
    EXECUTE format('GRANT %s ON %s TO chaupal_program', privileges, sealed);
END
$$;
REVOKE EXECUTE ON PROCEDURE seal(regclass, text) FROM PUBLIC;

GRANT USAGE ON SCHEMA public TO chaupal_program;

CREATE TYPE organisation_type AS ENUM ('party', 'union', 'cooperative', 'ngo');

-- Public facts alone, so this table is not sealed: a sign-in page has to find it by its slug.
CREATE TABLE organisation (
    id      integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug    text NOT NULL UNIQUE,
    type    organisation_type NOT NULL,
    name_hi text NOT NULL,
    name_en text NOT NULL,
    CONSTRAINT slug_is_plain        CHECK (slug ~ '^[a-z][a-z0-9-]{1,39}$'),
    CONSTRAINT fits_a_short_link    CHECK (id BETWEEN 1 AND 65535),
    CONSTRAINT organisation_is_named CHECK (name_hi <> '' AND name_en <> '')
);
GRANT SELECT, INSERT ON organisation TO chaupal_program;
