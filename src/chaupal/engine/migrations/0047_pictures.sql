-- Pictures, by their content: what is uploaded twice is there once, and what is here under an id
-- is what was approved under it. `body` goes out through channels, `light` to volunteers' pages.
CREATE TABLE picture (
    organisation_id integer NOT NULL REFERENCES organisation,
    id              bytea NOT NULL,
    body            bytea NOT NULL,
    light           bytea NOT NULL,
    width           integer NOT NULL,
    height          integer NOT NULL,
    added_at        timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    CONSTRAINT picture_is_its_hash CHECK (id = sha256(sha256(body) || sha256(light))),
    CONSTRAINT picture_is_bounded CHECK (
        octet_length(body) <= 1000000 AND octet_length(light) <= 60000
        AND width BETWEEN 1 AND 1600 AND height BETWEEN 1 AND 1600)
);
ALTER TABLE picture ALTER COLUMN body SET STORAGE EXTERNAL, ALTER COLUMN light SET STORAGE EXTERNAL;
CALL seal('picture', 'SELECT, INSERT, DELETE');
GRANT UPDATE (added_at) ON picture TO chaupal_program;

-- The picture beside a text, with its description for those who do not see it.
ALTER TABLE broadcast_text
    ADD COLUMN picture_id bytea,
    ADD COLUMN picture_description text,
    ADD FOREIGN KEY (organisation_id, picture_id) REFERENCES picture,
    ADD CONSTRAINT picture_is_described CHECK (
        (picture_id IS NULL) = (picture_description IS NULL)
        AND picture_description <> '' AND length(picture_description) <= 500);
CREATE INDEX broadcast_text_picture ON broadcast_text (organisation_id, picture_id)
    WHERE picture_id IS NOT NULL;

-- `text_alone`: its author says that the text goes alone where a channel takes no picture.
ALTER TABLE broadcast ADD COLUMN text_alone boolean NOT NULL DEFAULT false;

-- What a provider calls a picture that a sender has brought it.
CREATE TABLE picture_reference (
    organisation_id integer NOT NULL,
    sender_id       uuid NOT NULL,
    picture_id      bytea NOT NULL,
    provider_ref    text NOT NULL,
    brought_at      timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, sender_id, picture_id),
    FOREIGN KEY (organisation_id, sender_id) REFERENCES sender,
    FOREIGN KEY (organisation_id, picture_id) REFERENCES picture ON DELETE CASCADE,
    CONSTRAINT reference_is_short CHECK (provider_ref <> '' AND length(provider_ref) <= 1000)
);
CREATE INDEX picture_reference_picture ON picture_reference (organisation_id, picture_id);
CALL seal('picture_reference', 'SELECT, INSERT, UPDATE, DELETE');
