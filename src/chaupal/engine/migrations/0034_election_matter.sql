-- Everything is election matter unless two people say otherwise: the author, and the one who
-- approves. `electoral` is what counts.
ALTER TABLE broadcast ADD COLUMN approver_denies boolean NOT NULL DEFAULT false;
-- What was approved before had been signed as what its author said.
ALTER TABLE broadcast NO FORCE ROW LEVEL SECURITY;
UPDATE broadcast SET approver_denies = true WHERE NOT election_matter AND approver_id IS NOT NULL;
ALTER TABLE broadcast FORCE ROW LEVEL SECURITY;
ALTER TABLE broadcast
    ADD COLUMN electoral boolean NOT NULL
        GENERATED ALWAYS AS (election_matter OR NOT approver_denies) STORED,
    ADD CONSTRAINT denied_by_who_approved CHECK (NOT approver_denies OR approver_id IS NOT NULL);
