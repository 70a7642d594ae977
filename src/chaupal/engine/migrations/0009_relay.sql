-- Relay: a delivery that a group's own admin carries out by hand.

-- `needless`: the task was over before this person had to be told.
CREATE TYPE telling AS ENUM ('queued', 'telling', 'told', 'untellable', 'unknown', 'needless');

CREATE TABLE relay_task (
    organisation_id integer NOT NULL,
    id              uuid NOT NULL,
    delivery_id     bigint NOT NULL,
    broadcast_id    uuid NOT NULL,
    group_id        uuid NOT NULL,
    step            smallint NOT NULL DEFAULT 0,
    next_step_at    timestamptz,
    closes_at       timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, delivery_id),
    FOREIGN KEY (organisation_id, delivery_id) REFERENCES delivery,
    FOREIGN KEY (organisation_id, group_id) REFERENCES chat_group
);
CREATE INDEX relay_task_due ON relay_task (organisation_id, next_step_at)
    WHERE next_step_at IS NOT NULL;
CREATE INDEX relay_task_broadcast ON relay_task (organisation_id, broadcast_id);
CALL seal('relay_task', 'SELECT, INSERT, UPDATE');

CREATE TABLE relay_assignment (
    organisation_id integer NOT NULL,
    id              uuid NOT NULL,
    task_id         uuid NOT NULL,
    person_id       uuid NOT NULL,
    step            smallint NOT NULL,
    telling         telling NOT NULL DEFAULT 'queued',
    attempts        smallint NOT NULL DEFAULT 0,
    due_at          timestamptz NOT NULL,
    lease_until     timestamptz,
    told_at         timestamptz,
    opened_at       timestamptz,
    posted_at       timestamptz,
    PRIMARY KEY (organisation_id, id),
    UNIQUE (organisation_id, task_id, person_id),
    FOREIGN KEY (organisation_id, task_id) REFERENCES relay_task,
    FOREIGN KEY (organisation_id, person_id) REFERENCES person,
    CONSTRAINT leased_only_while_telling CHECK ((telling = 'telling') = (lease_until IS NOT NULL))
);
CREATE INDEX relay_assignment_queued ON relay_assignment (organisation_id, due_at, id)
    WHERE telling = 'queued';
CREATE INDEX relay_assignment_leased ON relay_assignment (organisation_id, lease_until)
    WHERE telling = 'telling';
CREATE INDEX relay_assignment_person ON relay_assignment (organisation_id, person_id, id DESC);
CALL seal('relay_assignment', 'SELECT, INSERT, UPDATE');
