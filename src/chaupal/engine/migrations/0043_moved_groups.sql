-- Since when a group is at its address, where its provider has moved it: what was sent before went to
-- another chat, in which the references of now mean other messages.
ALTER TABLE chat_group ADD COLUMN address_since timestamptz;
GRANT UPDATE (address_since) ON chat_group TO chaupal_program;
