-- People: since when we know what; notices; suppression; erasure.

ALTER TABLE person
    ADD COLUMN since      timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN erased_at  timestamptz,
    ADD COLUMN search_key text;
ALTER TABLE person NO FORCE ROW LEVEL SECURITY;
UPDATE person SET search_key = lower(name);
ALTER TABLE person FORCE ROW LEVEL SECURITY;
ALTER TABLE person
    ALTER COLUMN since DROP DEFAULT,
    ALTER COLUMN search_key SET NOT NULL,
    ADD CONSTRAINT person_can_be_searched CHECK (search_key <> '' AND length(search_key) <= 350);
-- A page of people is read unit by unit, by name.
DROP INDEX person_unit;
CREATE INDEX person_unit ON person (organisation_id, unit_id, name, id);

ALTER TABLE contact_point
    ADD COLUMN since timestamptz NOT NULL DEFAULT now(),
    DROP CONSTRAINT contact_point_pkey,
    ADD PRIMARY KEY (organisation_id, person_id, id);
ALTER TABLE contact_point ALTER COLUMN since DROP DEFAULT;
DROP INDEX contact_point_person;

ALTER TABLE consent
    DROP CONSTRAINT consent_pkey,
    ADD PRIMARY KEY (organisation_id, person_id, purpose, channel, id),
    DROP CONSTRAINT basis_is_known,
    ADD CONSTRAINT basis_is_known CHECK (
        basis IN ('own_page', 'keyword', 'button', 'paper', 'membership_form', 'desk'));
DROP INDEX consent_newest;

-- The words that somebody agreed to, in each language, by version. Published ones never change.
CREATE TABLE notice (
    organisation_id integer NOT NULL REFERENCES organisation,
    version         text NOT NULL,
    language        text NOT NULL,
    body            text NOT NULL,
    published_at    timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, version, language),
    CONSTRAINT language_is_known CHECK (language IN ('hi', 'en')),
    CONSTRAINT notice_says_something CHECK (body <> '' AND length(body) <= 20000),
    CONSTRAINT version_is_short CHECK (version <> '' AND length(version) <= 100)
);
CALL seal('notice', 'SELECT, INSERT');

-- Addresses that must never be written to again, whoever has them now or later.
CREATE TABLE suppression (
    organisation_id integer NOT NULL REFERENCES organisation,
    channel         text NOT NULL,
    lookup          bytea NOT NULL,
    reason          text NOT NULL,
    since           timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, channel, lookup),
    CONSTRAINT lookup_is_a_digest CHECK (octet_length(lookup) = 16),
    CONSTRAINT reason_is_known CHECK (reason IN ('asked', 'erased', 'bounced', 'desk'))
);
CALL seal('suppression', 'SELECT, INSERT, UPDATE, DELETE');

-- People whom nobody may write to, at whatever address. `erasure_asked`: they have asked to be
-- erased, and somebody has to see to it.
CREATE TABLE suppressed_person (
    organisation_id integer NOT NULL,
    person_id       uuid NOT NULL,
    reason          text NOT NULL,
    since           timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, person_id),
    FOREIGN KEY (organisation_id, person_id) REFERENCES person,
    CONSTRAINT reason_is_known CHECK (reason IN ('asked', 'erasure_asked', 'desk'))
);
CALL seal('suppressed_person', 'SELECT, INSERT, UPDATE, DELETE');

-- The one rule of whom we may write to, for what, at which address: the newest act of consent is a
-- yes, no no was said after it, and neither the person nor the address is suppressed. Statements
-- that claim sends read it. An import writes down a yes under the time at which it began, so a no
-- that came while it ran holds, whichever of the two was written first.
CREATE VIEW writable WITH (security_invoker = true) AS
SELECT c.organisation_id, c.person_id, c.id, c.channel, c.sealed, wanted.purpose
  FROM contact_point c
 CROSS JOIN (VALUES ('messages'), ('coordination')) AS wanted (purpose)
 CROSS JOIN LATERAL (
        SELECT k.act, k.at FROM consent k
         WHERE k.organisation_id = c.organisation_id AND k.person_id = c.person_id
           AND k.purpose = wanted.purpose AND k.channel = c.channel
         ORDER BY k.id DESC LIMIT 1) AS newest
 WHERE newest.act = 'given'
   AND NOT EXISTS (SELECT FROM consent k
                    WHERE k.organisation_id = c.organisation_id AND k.person_id = c.person_id
                      AND k.purpose = wanted.purpose AND k.channel = c.channel
                      AND k.act = 'withdrawn' AND k.at > newest.at)
   AND NOT EXISTS (SELECT FROM suppressed_person s
                    WHERE s.organisation_id = c.organisation_id AND s.person_id = c.person_id)
   AND NOT EXISTS (SELECT FROM suppression s
                    WHERE s.organisation_id = c.organisation_id AND s.channel = c.channel
                      AND s.lookup = c.lookup);
GRANT SELECT ON writable TO chaupal_program;

-- How long what is left of erased people is held, and which rule says so. The newest row holds.
CREATE TABLE lawful_hold (
    organisation_id integer NOT NULL REFERENCES organisation,
    since           timestamptz NOT NULL,
    days            integer NOT NULL,
    source          text NOT NULL,
    PRIMARY KEY (organisation_id, since),
    CONSTRAINT hold_is_sensible CHECK (days BETWEEN 30 AND 3650),
    CONSTRAINT source_is_named CHECK (source <> '' AND length(source) <= 300)
);
CALL seal('lawful_hold', 'SELECT, INSERT');

-- What is left of an erased person: sealed, looked at by nobody, gone after the lawful hold.
CREATE TABLE erased_person (
    organisation_id integer NOT NULL,
    person_id       uuid NOT NULL,
    sealed          bytea NOT NULL,
    erased_at       timestamptz NOT NULL,
    purge_after     timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, person_id),
    FOREIGN KEY (organisation_id, person_id) REFERENCES person
);
CREATE INDEX erased_person_due ON erased_person (organisation_id, purge_after);
CALL seal('erased_person', 'SELECT, INSERT, DELETE');

-- The ledger can only be added to, except here: what was held of erased people goes, their acts
-- of consent and their categories with it, once the hold is over. Returns of how many.
CREATE FUNCTION purge_erased(due timestamptz, batch integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    purged uuid[];
BEGIN
    WITH gone AS (
        DELETE FROM public.erased_person e
         WHERE e.organisation_id = public.current_organisation()
           AND e.person_id IN (SELECT d.person_id FROM public.erased_person d
                                WHERE d.organisation_id = public.current_organisation()
                                  AND d.purge_after <= due
                                ORDER BY d.purge_after LIMIT batch)
        RETURNING e.person_id
    )
    SELECT coalesce(array_agg(person_id), '{}') INTO purged FROM gone;
    DELETE FROM public.consent
     WHERE organisation_id = public.current_organisation() AND person_id = ANY(purged);
    DELETE FROM public.membership
     WHERE organisation_id = public.current_organisation() AND person_id = ANY(purged);
    DELETE FROM public.suppressed_person
     WHERE organisation_id = public.current_organisation() AND person_id = ANY(purged);
    RETURN cardinality(purged);
END
$$;
REVOKE EXECUTE ON FUNCTION purge_erased(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION purge_erased(timestamptz, integer) TO chaupal_program;

-- Who was shown a number or took people along in a file is looked up more often than the rest.
CREATE INDEX record_access ON record (organisation_id, number)
    WHERE split_part(kind, '.', 2) IN ('unmasked', 'exported', 'link_shown');
