-- Whom a channel's provider takes is asked wherever a channel is named, leased or claimed.
--
-- One view, so that every statement asks the same rule: what excludes an organisation, by its type
-- as it is now. `until` is the last day on which a rule holds.
CREATE VIEW excluded_channel WITH (security_invoker = true) AS
SELECT o.id AS organisation_id, e.channel, e.organisation_type, e.since, e.until, e.source, e.as_of
  FROM channel_exclusion e
  JOIN organisation o ON o.type = e.organisation_type;
GRANT SELECT ON excluded_channel TO chaupal_program;
