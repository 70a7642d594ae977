-- Texts as they are registered with TRAI's ledger (DLT): an SMS that matches none is turned away.
CREATE TABLE registered_text (
    organisation_id integer NOT NULL,
    number          text NOT NULL,
    header          text NOT NULL,
    language        text NOT NULL,
    body            text NOT NULL,
    entered_by      uuid NOT NULL,
    entered_label   text NOT NULL,
    entered_at      timestamptz NOT NULL,
    withdrawn_at    timestamptz,
    PRIMARY KEY (organisation_id, number),
    FOREIGN KEY (organisation_id, entered_by) REFERENCES account,
    CONSTRAINT number_is_the_ledgers CHECK (number ~ '^[0-9]{10,25}$'),
    CONSTRAINT header_is_registered CHECK (header ~ '^([A-Za-z]{6}|[0-9]{6})$'),
    CONSTRAINT language_is_known CHECK (language IN ('hi', 'en')),
    CONSTRAINT body_is_there CHECK (body <> '' AND length(body) <= 2000)
);
CALL seal('registered_text', 'SELECT, INSERT, UPDATE');
