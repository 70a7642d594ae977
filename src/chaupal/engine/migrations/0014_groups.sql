-- Groups move between categories with their history; admins have a beginning; people join
-- categories by their own choice; and coverage is counted for every unit.

-- A link by which people join, sealed; its digest tells whether another group has the same.
ALTER TABLE chat_group
    ADD COLUMN invite_sealed bytea,
    ADD COLUMN invite_lookup bytea,
    ADD COLUMN search_key    text;
ALTER TABLE chat_group NO FORCE ROW LEVEL SECURITY;
UPDATE chat_group SET search_key = lower(name);
ALTER TABLE chat_group FORCE ROW LEVEL SECURITY;
ALTER TABLE chat_group
    ALTER COLUMN search_key SET NOT NULL,
    ADD CONSTRAINT group_can_be_searched CHECK (search_key <> '' AND length(search_key) <= 350),
    ADD CONSTRAINT invite_is_sealed CHECK (octet_length(invite_sealed) BETWEEN 30 AND 400),
    ADD CONSTRAINT invite_is_digested CHECK (octet_length(invite_lookup) = 16),
    ADD CONSTRAINT invite_is_whole CHECK ((invite_sealed IS NULL) = (invite_lookup IS NULL));
CREATE UNIQUE INDEX one_group_an_invite ON chat_group (organisation_id, invite_lookup)
    WHERE invite_lookup IS NOT NULL;
-- Whom a group is for never changes, nor the channel that it lives on: its members joined that.
REVOKE UPDATE ON chat_group FROM chaupal_program;
GRANT UPDATE (unit_id, name, sender_id, address, language, size, size_at, carries_notice,
              archived_at, invite_sealed, invite_lookup, search_key)
    ON chat_group TO chaupal_program;
-- A page of groups is read unit by unit, by name.
DROP INDEX chat_group_unit;
CREATE INDEX chat_group_unit ON chat_group (organisation_id, unit_id, name, id);

ALTER TABLE group_category ADD COLUMN since timestamptz NOT NULL DEFAULT now();
ALTER TABLE group_category ALTER COLUMN since DROP DEFAULT;
CREATE TABLE group_category_past (
    organisation_id integer NOT NULL,
    group_id        uuid NOT NULL,
    category_key    text NOT NULL,
    since           timestamptz NOT NULL,
    until           timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, group_id, category_key, since),
    FOREIGN KEY (organisation_id, group_id) REFERENCES chat_group,
    FOREIGN KEY (organisation_id, category_key) REFERENCES category,
    CONSTRAINT past_has_an_order CHECK (until >= since)
);
CALL seal('group_category_past', 'SELECT, INSERT');

ALTER TABLE group_admin ADD COLUMN since timestamptz NOT NULL DEFAULT now();
ALTER TABLE group_admin ALTER COLUMN since DROP DEFAULT;

-- A person's own choice of a category. `until` is the first day on which it no longer held.
CREATE TABLE membership (
    organisation_id integer NOT NULL,
    category_key    text NOT NULL,
    person_id       uuid NOT NULL,
    since           date NOT NULL,
    until           date,
    basis           text NOT NULL,
    PRIMARY KEY (organisation_id, person_id, category_key, since),
    FOREIGN KEY (organisation_id, category_key) REFERENCES category,
    FOREIGN KEY (organisation_id, person_id) REFERENCES person,
    CONSTRAINT membership_ends_after_it_began CHECK (until >= since),
    CONSTRAINT basis_is_known CHECK (basis IN ('own_page', 'keyword', 'button', 'paper', 'membership_form'))
);
CREATE UNIQUE INDEX one_membership_at_a_time ON membership (organisation_id, person_id, category_key)
    WHERE until IS NULL;
CREATE INDEX membership_category ON membership (organisation_id, category_key, person_id);
CALL seal('membership', 'SELECT, INSERT, UPDATE');

-- How well a unit and everything below it are covered. The worker counts it anew, for all units
-- in one statement, when something changed or a day has gone by; only rows that differ are written.
-- Sizes and reach are those of public groups.
CREATE TABLE coverage (
    organisation_id      integer NOT NULL,
    unit_id              uuid NOT NULL,
    booths               integer NOT NULL,
    booths_covered       integer NOT NULL,
    groups               integer NOT NULL,
    groups_no_admin      integer NOT NULL,
    groups_one_admin     integer NOT NULL,
    category_groups      integer NOT NULL,
    groups_no_executive  integer NOT NULL,
    public_groups        integer NOT NULL,
    sized_groups         integer NOT NULL,
    stale_groups         integer NOT NULL,
    members              bigint NOT NULL,
    oldest_size_at       timestamptz,
    newest_size_at       timestamptz,
    by_category          jsonb NOT NULL,
    PRIMARY KEY (organisation_id, unit_id),
    FOREIGN KEY (organisation_id, unit_id) REFERENCES unit,
    CONSTRAINT covered_booths_are_booths CHECK (booths_covered BETWEEN 0 AND booths),
    CONSTRAINT counted_groups_are_groups CHECK (
        groups_no_admin + groups_one_admin <= groups AND category_groups <= groups
        AND groups_no_executive BETWEEN 0 AND category_groups AND public_groups <= groups
        AND stale_groups <= sized_groups AND sized_groups <= public_groups),
    CONSTRAINT sizes_have_a_date CHECK ((sized_groups = 0) = (oldest_size_at IS NULL)
                                        AND (sized_groups = 0) = (newest_size_at IS NULL))
);
CALL seal('coverage', 'SELECT, INSERT, UPDATE');

-- When an organisation's coverage was counted. Day by day, because terms of office end and sizes
-- grow old without anybody doing anything.
CREATE TABLE coverage_count (
    organisation_id integer PRIMARY KEY REFERENCES organisation,
    counted_at      timestamptz NOT NULL,
    on_day          date NOT NULL,
    took_ms         integer NOT NULL
);
CALL seal('coverage_count', 'SELECT, INSERT, UPDATE');

-- That something changed since, once for each statement: nobody waits for anybody else's row.
CREATE TABLE coverage_change (
    organisation_id integer NOT NULL
);
CREATE INDEX coverage_change_organisation ON coverage_change (organisation_id);
CALL seal('coverage_change', 'SELECT, DELETE');
CREATE FUNCTION coverage_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO public.coverage_change (organisation_id)
    SELECT public.current_organisation() WHERE public.current_organisation() IS NOT NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER coverage_changed AFTER INSERT OR UPDATE ON unit
    FOR EACH STATEMENT EXECUTE FUNCTION coverage_changed();
CREATE TRIGGER coverage_changed AFTER INSERT OR UPDATE ON chat_group
    FOR EACH STATEMENT EXECUTE FUNCTION coverage_changed();
CREATE TRIGGER coverage_changed AFTER INSERT OR DELETE ON group_category
    FOR EACH STATEMENT EXECUTE FUNCTION coverage_changed();
CREATE TRIGGER coverage_changed AFTER INSERT OR UPDATE ON group_admin
    FOR EACH STATEMENT EXECUTE FUNCTION coverage_changed();
CREATE TRIGGER coverage_changed AFTER INSERT OR UPDATE ON post
    FOR EACH STATEMENT EXECUTE FUNCTION coverage_changed();
CREATE TRIGGER coverage_changed AFTER UPDATE OF person_id ON account
    FOR EACH STATEMENT EXECUTE FUNCTION coverage_changed();
