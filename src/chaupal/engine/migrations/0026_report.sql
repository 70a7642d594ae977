-- What a report reads: when each rung of the evidence was first known to be reached.
--
-- One time for each rung, in the delivery's own row: written by the statement that raises the
-- evidence anyway, exact, and cut by any unit of the tree (decision 0033). `sent_at` dates the
-- first rung. A rung that was jumped over has no time of its own: it was reached when the next
-- one above it was, at the latest.

ALTER TABLE delivery
    ADD COLUMN delivered_at timestamptz,
    ADD COLUMN opened_at    timestamptz,
    ADD COLUMN posted_at    timestamptz,
    ADD COLUMN verified_at  timestamptz;

-- Of what rose before, only the last rise is known.
ALTER TABLE delivery NO FORCE ROW LEVEL SECURITY;
UPDATE delivery
   SET delivered_at = CASE WHEN evidence = 2 THEN coalesce(evidence_at, sent_at, due_at) END,
       opened_at    = CASE WHEN evidence = 3 THEN coalesce(evidence_at, sent_at, due_at) END,
       posted_at    = CASE WHEN evidence = 4 THEN coalesce(evidence_at, sent_at, due_at) END,
       verified_at  = CASE WHEN evidence = 5 THEN coalesce(evidence_at, sent_at, due_at) END
 WHERE evidence >= 2;
ALTER TABLE delivery FORCE ROW LEVEL SECURITY;

ALTER TABLE delivery ADD CONSTRAINT rung_has_its_time CHECK (
    CASE evidence WHEN 2 THEN delivered_at WHEN 3 THEN opened_at WHEN 4 THEN posted_at
                  WHEN 5 THEN verified_at ELSE due_at END IS NOT NULL);

-- A statement that raises evidence and dates no rung is helped: it was reached when it rose. Those
-- that come in millions date it themselves, and never get here.
CREATE FUNCTION rung_is_dated() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    CASE NEW.evidence
        WHEN 2 THEN NEW.delivered_at := coalesce(NEW.evidence_at, now());
        WHEN 3 THEN NEW.opened_at    := coalesce(NEW.evidence_at, now());
        WHEN 4 THEN NEW.posted_at    := coalesce(NEW.evidence_at, now());
        WHEN 5 THEN NEW.verified_at  := coalesce(NEW.evidence_at, now());
        ELSE RAISE EXCEPTION 'evidence % is on no rung that has a time', NEW.evidence;
    END CASE;
    RETURN NEW;
END
$$;
CREATE TRIGGER delivery_rung BEFORE INSERT OR UPDATE ON delivery
    FOR EACH ROW WHEN (NEW.evidence >= 2 AND
        CASE NEW.evidence WHEN 2 THEN NEW.delivered_at WHEN 3 THEN NEW.opened_at
                          WHEN 4 THEN NEW.posted_at ELSE NEW.verified_at END IS NULL)
    EXECUTE FUNCTION rung_is_dated();

-- A word that waits for its send keeps the times of both rungs that providers tell of.
ALTER TABLE orphan_status
    ADD COLUMN delivered_at timestamptz,
    ADD COLUMN opened_at    timestamptz;

-- A delivery as a report counts it: where its target stands, and when each rung was reached. What
-- ended without arriving has reached none, as in the account: nothing is rounded up.
CREATE VIEW delivery_told WITH (security_invoker = true) AS
SELECT d.organisation_id, d.id, d.broadcast_id, d.group_id, d.sender_id, d.state, d.evidence,
       d.failure, d.attempts, d.sent_at, u.id AS unit_id, u.path, u.level_rank,
       CASE WHEN live.so THEN least(d.sent_at, d.delivered_at, d.opened_at, d.posted_at,
                                    d.verified_at) END AS accepted_at,
       CASE WHEN live.so THEN least(d.delivered_at, d.opened_at, d.posted_at,
                                    d.verified_at) END AS delivered_at,
       CASE WHEN live.so THEN least(d.opened_at, d.posted_at, d.verified_at) END AS opened_at,
       CASE WHEN live.so THEN least(d.posted_at, d.verified_at) END AS posted_at,
       CASE WHEN live.so THEN d.verified_at END AS verified_at
  FROM delivery d
 CROSS JOIN LATERAL (SELECT d.state IN ('queued', 'sending', 'tasked', 'sent') AS so) AS live
  LEFT JOIN chat_group g ON g.organisation_id = d.organisation_id AND g.id = d.group_id
  LEFT JOIN person p ON p.organisation_id = d.organisation_id AND p.id = d.person_id
  LEFT JOIN unit u ON u.organisation_id = d.organisation_id AND u.id = coalesce(g.unit_id, p.unit_id);
GRANT SELECT ON delivery_told TO chaupal_program;

-- Times as seconds after a start, in their order; 'infinity' is NULL: not yet.
CREATE FUNCTION seconds_after(times timestamptz[], start timestamptz) RETURNS double precision[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY(SELECT CASE WHEN t.at < 'infinity'
                             THEN greatest(0, extract(epoch FROM t.at - start))::double precision END
                   FROM unnest(times) WITH ORDINALITY AS t (at, place)
                  ORDER BY t.place);

-- Counters that differed from what they count. Open until both agree again, or somebody says with a
-- reason that they know; another difference than the one they knew opens it again.
CREATE TABLE finding (
    organisation_id    integer NOT NULL,
    id                 uuid NOT NULL,
    broadcast_id       uuid NOT NULL,
    differences        jsonb NOT NULL,
    off                integer NOT NULL,
    found_at           timestamptz NOT NULL,
    seen_at            timestamptz NOT NULL,
    settled_at         timestamptz,
    acknowledged_at    timestamptz,
    acknowledged_by    uuid,
    acknowledged_label text,
    reason             text,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, broadcast_id) REFERENCES broadcast,
    FOREIGN KEY (organisation_id, acknowledged_by) REFERENCES account,
    CONSTRAINT something_differs CHECK (off > 0),
    CONSTRAINT acknowledged_by_somebody_with_a_reason CHECK (
        (acknowledged_at IS NULL) = (reason IS NULL)
        AND (acknowledged_at IS NULL) = (acknowledged_by IS NULL)
        AND (acknowledged_at IS NULL) = (acknowledged_label IS NULL)),
    CONSTRAINT reason_is_short CHECK (reason <> '' AND length(reason) <= 300)
);
CREATE UNIQUE INDEX finding_unsettled ON finding (organisation_id, broadcast_id)
    WHERE settled_at IS NULL;
CALL seal('finding', 'SELECT, INSERT, UPDATE');
