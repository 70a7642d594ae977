-- An office is a seat at a unit; a post is somebody's term in it. An office that nobody holds is
-- a vacancy. What a post says of its unit, role and title is what held when the term began.

CREATE TABLE office (
    organisation_id integer NOT NULL,
    id              uuid NOT NULL,
    unit_id         uuid NOT NULL,
    role            post_role NOT NULL,
    title_hi        text NOT NULL,
    title_en        text NOT NULL,
    since           date NOT NULL,
    abolished_on    date,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, unit_id) REFERENCES unit,
    CONSTRAINT office_is_titled CHECK (title_hi <> '' AND title_en <> '' AND length(title_hi) <= 300
                                       AND length(title_en) <= 300),
    CONSTRAINT office_ends_after_it_began CHECK (abolished_on >= since)
);
CREATE INDEX office_unit ON office (organisation_id, unit_id);
CALL seal('office', 'SELECT, INSERT, UPDATE');

-- `appointed_at`, `ended_at`: when a term's beginning and its end were written down; null where
-- they came with an import. `follows_id`: the term from which this one took over, whose end had
-- been planned for `planned_until` before, so that a hand-over can be taken back.
ALTER TABLE post
    ADD COLUMN office_id     uuid,
    ADD COLUMN appointed_at  timestamptz,
    ADD COLUMN ended_at      timestamptz,
    ADD COLUMN follows_id    uuid,
    ADD COLUMN planned_until date;
ALTER TABLE post NO FORCE ROW LEVEL SECURITY;
ALTER TABLE office NO FORCE ROW LEVEL SECURITY;
INSERT INTO office (organisation_id, id, unit_id, role, title_hi, title_en, since)
SELECT organisation_id, id, unit_id, role, title_hi, title_en, since FROM post;
UPDATE post SET office_id = id;
ALTER TABLE post FORCE ROW LEVEL SECURITY;
ALTER TABLE office FORCE ROW LEVEL SECURITY;
-- `until` is the last day. A term of no day at all, until the day before it began, is one that
-- was taken back. An office has one holder at a time; ranges of a single value stand for "equal",
-- which needs no extension. The range of numbers says the same as that of ids, nearly: it comes
-- first because the index can be searched by it six times faster.
CREATE TYPE uuid_range AS RANGE (subtype = uuid);
CREATE FUNCTION uuid_tail(id uuid) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ('x' || right(id::text, 12))::bit(48)::bigint;
ALTER TABLE post
    ALTER COLUMN office_id SET NOT NULL,
    ADD FOREIGN KEY (organisation_id, office_id) REFERENCES office,
    ADD FOREIGN KEY (organisation_id, follows_id) REFERENCES post,
    DROP CONSTRAINT ends_after_it_began,
    ADD CONSTRAINT ends_after_it_began CHECK (until >= since - 1),
    ADD CONSTRAINT one_holder_at_a_time EXCLUDE USING gist (
        int8range(uuid_tail(office_id), uuid_tail(office_id), '[]') WITH &&,
        uuid_range(office_id, office_id, '[]') WITH &&,
        daterange(since, until + 1) WITH &&);
CREATE INDEX post_office ON post (organisation_id, office_id, since);
CREATE INDEX post_ending ON post (organisation_id, until) WHERE until IS NOT NULL;
CREATE INDEX post_ended ON post (organisation_id, ended_at) WHERE ended_at IS NOT NULL;

-- An account belongs to the unit at which it was opened, whose administrators look after it; one
-- without a unit belongs to the whole organisation. A person has one account at most.
ALTER TABLE account
    ADD COLUMN unit_id uuid,
    ADD FOREIGN KEY (organisation_id, unit_id) REFERENCES unit;
CREATE UNIQUE INDEX account_person ON account (organisation_id, person_id)
    WHERE person_id IS NOT NULL;

-- Tasks go along when an office is handed over: whoever was asked as its holder is asked no more,
-- and its holder of today is.

ALTER TABLE relay_assignment
    ADD COLUMN office_id      uuid,
    ADD COLUMN handed_over_at timestamptz,
    ADD FOREIGN KEY (organisation_id, office_id) REFERENCES office,
    ADD CONSTRAINT handed_over_by_an_office CHECK (handed_over_at IS NULL OR office_id IS NOT NULL),
    ADD CONSTRAINT handed_over_is_told_no_more CHECK (handed_over_at IS NULL OR telling = 'needless');
CREATE INDEX relay_assignment_office ON relay_assignment (organisation_id, office_id, person_id)
    WHERE office_id IS NOT NULL AND handed_over_at IS NULL AND posted_at IS NULL;
