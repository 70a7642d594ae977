-- What a committee certified: the wording by its hash. It holds for exactly that; another wording
-- needs another certificate.
CREATE TABLE certificate (
    organisation_id integer NOT NULL,
    broadcast_id    uuid NOT NULL,
    number          text NOT NULL,
    committee       text NOT NULL,
    certified_on    date NOT NULL,
    wording_hash    bytea NOT NULL,
    entered_by      uuid NOT NULL,
    entered_label   text NOT NULL,
    entered_at      timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, broadcast_id),
    FOREIGN KEY (organisation_id, broadcast_id) REFERENCES broadcast,
    FOREIGN KEY (organisation_id, entered_by) REFERENCES account,
    CONSTRAINT certificate_is_whole CHECK (
        number <> '' AND length(number) <= 100 AND committee <> '' AND length(committee) <= 200),
    CONSTRAINT wording_hash_is_a_sha256 CHECK (octet_length(wording_hash) = 32)
);
CALL seal('certificate', 'SELECT, INSERT, UPDATE');
