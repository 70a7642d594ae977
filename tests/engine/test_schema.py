from chaupal.engine import schema
from chaupal.engine.migrate import migrate


def test_schema_sql_is_what_the_migrations_make(blank):
    migrate(blank)
    assert schema.FILE.read_text() == schema.dump_schema(blank), (
        "write it anew: python -m chaupal.engine.schema"
    )


def test_what_pg_dump_says_of_itself_is_left_out():
    dump = "\n-- version 18\n\\restrict x9\nSET lock_timeout = 0;\n\n\n\nCREATE TABLE a ();\n\n"
    assert schema.normalise(dump) == schema.HEADING + "CREATE TABLE a ();\n"
