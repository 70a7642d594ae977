"""Importing in tests: text in, how each line ended out."""

import csv
import io

from chaupal import directory


async def ended(rt, kind, text, *, actor, tmp_path, **options):
    """Import, and return how each line ended: its outcome, or its reason."""
    source = io.BytesIO(text.encode() if isinstance(text, str) else text)
    report = tmp_path / "report.csv"
    told = await directory.import_file(rt, kind, source, actor=actor, report_to=report, **options)
    with report.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == told.rows
    return {int(row["line"]): row["reason"] or row["outcome"] for row in rows}
