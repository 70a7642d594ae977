#!/bin/sh
# Build the page assets: by the machine's node, or by one from PyPI where it has none or an old one.
set -eu

NODE_AT_LEAST=18

fit() {
    command -v npm >/dev/null 2>&1 &&
        node -e "process.exit(parseInt(process.versions.node) < $NODE_AT_LEAST ? 1 : 0)" 2>/dev/null
}

if ! fit; then
    printf 'This machine has no npm with node %s or newer; installing one from PyPI into .venv …\n' \
        "$NODE_AT_LEAST" >&2
    .venv/bin/uv pip install --python .venv/bin/python --require-hashes -r requirements-node.lock
    hash -r
fi
printf 'Building the page assets …\n' >&2
npm ci --loglevel=error --no-fund --no-audit
npm run --loglevel=error build
