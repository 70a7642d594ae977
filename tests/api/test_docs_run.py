"""The examples of docs/api.md are run as they stand there, with curl."""

import asyncio
import os
import re
import shutil
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
EXAMPLES = re.compile(r"^```sh run\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
async def test_every_example_does_what_it_says(door, program, place, tmp_path):
    for _ in range(3):
        await place.person("east-one", chat=None)
    examples = EXAMPLES.findall(PAGE.read_text())
    assert len(examples) > 6
    running = await asyncio.create_subprocess_exec(
        "sh", "-eux", "-c", "\n".join(examples), cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "CHAUPAL": door.url, "KEY": program.key},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, complained = await running.communicate()
    assert running.returncode == 0, complained.decode()[-2000:]
    for word in (
        '"login":"asha"',
        '"next":"',
        '"total":3',
        "Invented Name",
        '"headings"',
        '"stage":"submitted"',
    ):
        assert word in said.decode(), word
    written = await program.every("groups")
    assert [group["name"] for group in written] == ["Farmers"]
    [job] = await program.every("imports")
    assert job["stage"] == "mapped"
