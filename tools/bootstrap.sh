#!/bin/sh
# Make .venv with exactly the locked packages. Needs Python 3.11 or newer and nothing else.
set -eu

say() { printf '%s\n' "$*" >&2; }

if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    for newer in python3.14 python3.13 python3.12 python3.11; do
        if command -v "$newer" >/dev/null 2>&1; then PYTHON=$newer; break; fi
    done
fi
if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    say "Chaupal needs Python 3.11 or newer; '$PYTHON' is not. Install one, or: make setup PYTHON=/path/to/python3"
    exit 1
fi

# Debian and Ubuntu split venv's installer off into a package of its own, one for each Python.
if ! "$PYTHON" -c 'import ensurepip' 2>/dev/null; then
    python=$("$PYTHON" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    sh tools/apt.sh "$python-venv" python3-venv || true
    if ! "$PYTHON" -c 'import ensurepip' 2>/dev/null; then
        say "'$PYTHON' has no ensurepip, so it can't make an environment. Install $python-venv, or name another: make setup PYTHON=/path/to/python3"
        exit 1
    fi
fi

[ -x .venv/bin/python ] || "$PYTHON" -m venv .venv
uv_version=$(sed -n 's/^uv==\([0-9.]*\).*/\1/p' requirements.lock)
if [ "$(.venv/bin/uv --version 2>/dev/null | cut -d' ' -f2)" != "$uv_version" ]; then
    say "Installing uv $uv_version …"
    awk '/^uv==/ { ours = 1 } ours { print } ours && !/\\$/ { exit }' requirements.lock >.venv/uv.lock
    .venv/bin/python -m pip install --disable-pip-version-check --require-hashes -r .venv/uv.lock
fi
say "Installing the locked packages …"
.venv/bin/uv pip sync --python .venv/bin/python --require-hashes requirements.lock
# Built by the hatchling that was just installed: nothing comes here but by the lock.
.venv/bin/uv pip install --python .venv/bin/python --no-deps --no-build-isolation -e .
