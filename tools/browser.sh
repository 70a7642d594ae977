#!/bin/sh
# Have a Chromium for the browser tests where the platform lets us; otherwise say what is missing.
set -eu

find_browser() {
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" 2>/dev/null && return 0
    done
    mac="/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    [ -x "$mac" ] && printf '%s\n' "$mac"
}

[ -n "$(find_browser || true)" ] && exit 0
sh tools/apt.sh chromium chromium-browser && exit 0
printf 'No Chromium found: the browser tests cannot run. Install it (Debian: sudo apt-get install chromium) and try again.\n' >&2
[ "${CI:-}" != true ]
