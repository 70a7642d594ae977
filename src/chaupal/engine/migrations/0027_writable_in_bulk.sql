-- Whom we may write to, once more: the very rule of `writable`, said so that millions are joined in
-- the order of their keys. `writable` looks each address's newest word up by itself, which is right
-- for a thousand of them and takes as long as the writing for five million (decision 0034). Every
-- pair of purpose and address has at most one word that is the newest, so none stands here twice.

CREATE VIEW writable_in_bulk WITH (security_invoker = true) AS
    SELECT c.organisation_id, c.person_id, c.id, c.channel, newest.purpose
      FROM contact_point c
      JOIN consent newest ON newest.organisation_id = c.organisation_id
                         AND newest.person_id = c.person_id AND newest.channel = c.channel
                         AND newest.act = 'given'
     WHERE NOT EXISTS (SELECT FROM consent k
                        WHERE k.organisation_id = newest.organisation_id
                          AND k.person_id = newest.person_id AND k.purpose = newest.purpose
                          AND k.channel = newest.channel
                          AND (k.id > newest.id OR k.act = 'withdrawn' AND k.at > newest.at))
       AND NOT EXISTS (SELECT FROM suppressed_person s
                        WHERE s.organisation_id = c.organisation_id AND s.person_id = c.person_id)
       AND NOT EXISTS (SELECT FROM suppression s
                        WHERE s.organisation_id = c.organisation_id AND s.channel = c.channel
                          AND s.lookup = c.lookup);
GRANT SELECT ON writable_in_bulk TO chaupal_program;
