"""The peer of dispatch as most projects write it: Celery, a task a recipient, requests, a commit.

`python -m celery -A bench.celery_tasks worker` runs it. Nothing of Chaupal is in here.
"""

import os
from typing import Any

import psycopg
import requests
from celery import Celery  # type: ignore[import-untyped]

ANSWER_TIMEOUT_S = 30

app = Celery("bench.celery_tasks", broker=os.environ.get("PEER_BROKER"))
app.conf.update(task_acks_late=True, task_ignore_result=True)
_lines: list[psycopg.Connection[Any]] = []


def _line() -> psycopg.Connection[Any]:
    """Return this process's connection, as an ORM would keep it."""
    if not _lines:
        _lines.append(psycopg.connect(os.environ["PEER_DATABASE"]))
    return _lines[0]


@app.task(  # type: ignore[untyped-decorator]
    bind=True, autoretry_for=(requests.RequestException,), retry_backoff=True, max_retries=5
)
def send(_: object, delivery_id: int) -> None:
    """Send one message and write down that it went."""
    line = _line()
    with line.transaction():
        found = line.execute(
            "SELECT url, address, text FROM peer_delivery WHERE id = %s", (delivery_id,)
        ).fetchone()
    assert found is not None
    url, address, text = found
    answer = requests.post(
        url,
        json={"chat_id": address, "text": text, "key": f"peer{delivery_id}"},
        timeout=ANSWER_TIMEOUT_S,
    )
    answer.raise_for_status()
    with line.transaction():
        line.execute(
            "UPDATE peer_delivery SET state = 'sent', provider_ref = %s, sent_at = now()"
            " WHERE id = %s",
            (str(answer.json()["result"]["message_id"]), delivery_id),
        )
