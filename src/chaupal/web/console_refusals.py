"""What each refusal says to whoever runs the machine: engines, settings, rehearsals."""

from collections.abc import Mapping

from chaupal.web.refusals import N_, Words

AT_THE_CONSOLE: Mapping[str, Words] = {
    "engine.directory_not_writable": Words(
        N_("The folder cannot be written to"),
        N_("We may not write to %(path)s."),
        N_("Give it to the user who runs Chaupal, or name another one with CHAUPAL_DATA."),
    ),
    "engine.migration_changed": Words(
        N_("A migration was changed"),
        N_("For %(name)s the database remembers another text than this Chaupal has."),
        N_("Install the Chaupal by which the database was migrated."),
    ),
    "engine.migration_unknown": Words(
        N_("The database is newer than we are"),
        N_("The database has the migration %(name)s, which this Chaupal does not know."),
        N_("Install the newer Chaupal that made it."),
    ),
    "engine.nats_will_not_start": Words(
        N_("NATS does not start"),
        N_("The server of the arrivals log ended at once. What it said stands in %(log)s."),
        N_("Look there, then run `chaupal doctor`."),
    ),
    "engine.no_account": Words(
        N_("An account is missing"),
        N_(
            "PostgreSQL refuses to run as root, and we could not make the account "
            "%(account)s for it."
        ),
        N_(
            "Run Chaupal as an ordinary user, or make that account yourself with `useradd "
            "--system`."
        ),
    ),
    "engine.no_free_port": Words(
        N_("There is no free port"),
        N_("Every port of 127.0.0.1 is taken on this machine."),
        N_("End what takes them, then start again."),
    ),
    "engine.not_our_directory": Words(
        N_("This folder is not ours"),
        N_("%(path)s is not a PostgreSQL 18 of ours, so we left it alone."),
        N_("Name another folder with CHAUPAL_DATA."),
    ),
    "engine.passwords_missing": Words(
        N_("The passwords are missing"),
        N_("The database is there, but %(path)s with its passwords is not."),
        N_("Put it back from the back-up."),
    ),
    "engine.postgres_too_old": Words(
        N_("PostgreSQL is too old"),
        N_("The server has version %(version)s; Chaupal needs version 16 or newer."),
        N_("Use a newer PostgreSQL."),
    ),
    "engine.postgres_will_not_start": Words(
        N_("PostgreSQL does not start"),
        N_("%(program)s failed. What it said stands in %(log)s."),
        N_("Look there, then run `chaupal doctor`."),
    ),
    "engine.program_role_missing": Words(
        N_("A role is missing"),
        N_("The database has no role %(role)s, and its owner may not make one."),
        N_("Make it as the database's superuser, with LOGIN and a password, then migrate again."),
    ),
    "engine.program_role_too_strong": Words(
        N_("A role is too strong"),
        N_(
            "The role %(role)s can bypass row security, so organisations would not be sealed "
            "from each other."
        ),
        N_("Run ALTER ROLE … NOSUPERUSER NOBYPASSRLS for it, as the database's superuser."),
    ),
    "engine.schema_not_dumped": Words(
        N_("The schema was not written"),
        N_("pg_dump failed, so schema.sql is as it was."),
        N_("Run `chaupal doctor`, then `make db` again."),
    ),
    "engine.wheel_missing": Words(
        N_("A package is missing"),
        N_("The package %(wheel)s is not installed."),
        N_("Run `make setup`."),
    ),
    "rehearsal.book_held": Words(
        N_("Another rehearsal is running"),
        N_("Another sandbox holds the book %(path)s."),
        N_("Stop it, or choose another folder with --data."),
    ),
    "rehearsal.other_sizes": Words(
        N_("The sizes are others"),
        N_("This folder holds a rehearsal of %(groups)s groups and %(people)s people."),
        N_("Ask for the same sizes, or choose another folder with --data."),
    ),
    "rehearsal.people_out_of_range": Words(
        N_("That number of people does not fit"),
        N_("A rehearsal of this size has from %(least)s to %(most)s people."),
        N_("Choose a number between the two."),
    ),
    "rehearsal.too_few_groups": Words(
        N_("Too few groups"),
        N_("The tree of Rajasthan needs at least %(least)s groups."),
        N_("Choose that number or a larger one."),
    ),
    "settings.file_unreadable": Words(
        N_("A secret's file cannot be read"),
        N_("The setting %(name)s names a file that we cannot read."),
        N_("Check the path, and whether Chaupal's user may read it."),
    ),
    "settings.malformed": Words(
        N_("A setting is not right"),
        N_("The setting %(name)s is not what it should be. Its value is not shown here."),
        N_("Read in docs/settings.md what it takes."),
    ),
    "settings.sealing_key_missing": Words(
        N_("The sealing key is missing"),
        N_("With a database of your own, Chaupal makes no key by itself."),
        N_(
            "Set CHAUPAL_SEALING_KEY_FILE to a file with 64 hexadecimal digits, and keep a "
            "copy of it apart from the database."
        ),
    ),
}
