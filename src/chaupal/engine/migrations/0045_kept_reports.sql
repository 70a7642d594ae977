-- The report of a large broadcast, gathered now and then by the worker, so that a page need not
-- read millions of deliveries. Each row of `report_kept` says as of when.
CREATE TABLE report_kept (
    organisation_id integer NOT NULL,
    broadcast_id    uuid NOT NULL,
    counted_at      timestamptz NOT NULL,
    took_s          double precision NOT NULL,
    storeys         smallint NOT NULL,
    mark            numeric NOT NULL,
    PRIMARY KEY (organisation_id, broadcast_id),
    FOREIGN KEY (organisation_id, broadcast_id) REFERENCES broadcast,
    CONSTRAINT a_storey_at_least CHECK (storeys > 0)
);
CALL seal('report_kept', 'SELECT, INSERT, UPDATE');

-- The account of one unit's own targets, and of those without a unit ('').
CREATE TABLE report_account (
    organisation_id integer NOT NULL,
    broadcast_id    uuid NOT NULL,
    path            text COLLATE "C" NOT NULL,
    level_rank      smallint,
    state           delivery_state NOT NULL,
    evidence        smallint NOT NULL,
    failure         text,
    targets         integer NOT NULL,
    FOREIGN KEY (organisation_id, broadcast_id) REFERENCES broadcast
);
CREATE INDEX report_account_place ON report_account (organisation_id, broadcast_id, path);
CALL seal('report_account', 'SELECT, INSERT, DELETE');

-- How many targets of a unit, with all below it where it stands on the lowest storey that is kept,
-- reached a rung in which span of time after the start.
CREATE TABLE report_pace (
    organisation_id integer NOT NULL,
    broadcast_id    uuid NOT NULL,
    path            text COLLATE "C" NOT NULL,
    level_rank      smallint,
    rung            smallint NOT NULL,
    span            integer NOT NULL,
    targets         integer NOT NULL,
    FOREIGN KEY (organisation_id, broadcast_id) REFERENCES broadcast
);
CREATE INDEX report_pace_place ON report_pace (organisation_id, broadcast_id, path);
CALL seal('report_pace', 'SELECT, INSERT, DELETE');

-- Spans of time: of a second up to 100, from there on each 2 % longer than the one before. A time is
-- told by the end of its span: never shorter than it was.
CREATE FUNCTION span_of(after_s double precision) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN after_s <= 100 THEN greatest(0, ceil(after_s))::integer
                ELSE 100 + ceil(ln(after_s / 100) / ln(1.02))::integer END;
CREATE FUNCTION span_ends(span integer) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN span <= 100 THEN span ELSE 100 * power(1.02::double precision, span - 100) END;
