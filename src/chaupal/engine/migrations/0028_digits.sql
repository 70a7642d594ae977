-- Digits mean the same number in whichever script they are written: what identifies a person, a unit
-- or a group is stored with 0 to 9 from now on, and so is what was stored before.
--
-- Where several differ in the script of their digits alone, the one with plain digits, or else the
-- oldest, has the plain number; the later ones stay exactly as they were, and are found by whoever
-- types them so. Nothing is lost, and nothing becomes one that was two.

CREATE TEMPORARY TABLE digit ON COMMIT DROP AS
SELECT string_agg(chr(zero + n), '' ORDER BY zero, n) AS written,
       string_agg(n::text, '' ORDER BY zero, n) AS plain
  FROM generate_series(0, 9) AS n,
       unnest(ARRAY[  -- the zero of every script that Unicode knows; one to nine come after it
               1632, 1776, 1984, 2406, 2534, 2662, 2790, 2918, 3046, 3174, 3302, 3430, 3558, 3664,
               3792, 3872, 4160, 4240, 6112, 6160, 6470, 6608, 6784, 6800, 6992, 7088, 7232, 7248,
               42528, 43216, 43264, 43472, 43504, 43600, 44016, 65296, 66720, 68912, 69734, 69872,
               69942, 70096, 70384, 70736, 70864, 71248, 71360, 71472, 71904, 72016, 72784, 73040,
               73120, 92768, 92864, 93008, 120782, 120792, 120802, 120812, 120822, 123200, 123632,
               125264, 130032
       ]) AS zero;

ALTER TABLE person NO FORCE ROW LEVEL SECURITY;
ALTER TABLE unit NO FORCE ROW LEVEL SECURITY;
ALTER TABLE chat_group NO FORCE ROW LEVEL SECURITY;

WITH meant AS (
    SELECT t.organisation_id, t.id, translate(t.reference, d.written, d.plain) AS plain,
           row_number() OVER (PARTITION BY t.organisation_id,
                                           translate(t.reference, d.written, d.plain)
                              ORDER BY t.id) AS turn
      FROM person t CROSS JOIN digit d
     WHERE octet_length(t.reference) <> char_length(t.reference)
       AND t.reference <> translate(t.reference, d.written, d.plain)
)
UPDATE person t SET reference = m.plain
  FROM meant m
 WHERE t.organisation_id = m.organisation_id AND t.id = m.id AND m.turn = 1
   AND NOT EXISTS (SELECT FROM person other
                    WHERE other.organisation_id = m.organisation_id
                      AND other.reference = m.plain);

WITH meant AS (
    SELECT t.organisation_id, t.id, translate(t.code, d.written, d.plain) AS plain,
           row_number() OVER (PARTITION BY t.organisation_id,
                                           translate(t.code, d.written, d.plain)
                              ORDER BY t.id) AS turn
      FROM unit t CROSS JOIN digit d
     WHERE octet_length(t.code) <> char_length(t.code)
       AND t.code <> translate(t.code, d.written, d.plain)
)
UPDATE unit t SET code = m.plain
  FROM meant m
 WHERE t.organisation_id = m.organisation_id AND t.id = m.id AND m.turn = 1
   AND NOT EXISTS (SELECT FROM unit other
                    WHERE other.organisation_id = m.organisation_id
                      AND other.code = m.plain);

-- A Matrix room's name is its server's, and stays.
WITH meant AS (
    SELECT t.organisation_id, t.id, t.channel, translate(t.address, d.written, d.plain) AS plain,
           row_number() OVER (PARTITION BY t.organisation_id, t.channel,
                                           translate(t.address, d.written, d.plain)
                              ORDER BY t.id) AS turn
      FROM chat_group t CROSS JOIN digit d
     WHERE octet_length(t.address) <> char_length(t.address)
       AND t.address <> translate(t.address, d.written, d.plain)
       AND t.channel IN ('whatsapp', 'telegram')
)
UPDATE chat_group t SET address = m.plain
  FROM meant m
 WHERE t.organisation_id = m.organisation_id AND t.id = m.id AND m.turn = 1
   AND NOT EXISTS (SELECT FROM chat_group other
                    WHERE other.organisation_id = m.organisation_id AND other.channel = m.channel
                      AND other.address = m.plain);

ALTER TABLE person FORCE ROW LEVEL SECURITY;
ALTER TABLE unit FORCE ROW LEVEL SECURITY;
ALTER TABLE chat_group FORCE ROW LEVEL SECURITY;
