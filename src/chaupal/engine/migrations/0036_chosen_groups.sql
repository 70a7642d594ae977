-- The shape of the groups which a bulk action was chosen for; each transaction makes its own.
CREATE TABLE chosen_group (
    group_id uuid PRIMARY KEY
);
GRANT SELECT ON chosen_group TO chaupal_program;
