#!/bin/sh
# Install the first of these packages that apt knows, as root or by sudo; else say what to type.
set -eu

say() { printf '%s\n' "$*" >&2; }

command -v apt-get >/dev/null 2>&1 || exit 1
if [ "$(id -u)" = 0 ]; then root=
elif command -v sudo >/dev/null 2>&1; then root=sudo
else
    say "Please type, as root: apt-get update && apt-get install $1"
    exit 1
fi

$root apt-get update -q >/dev/null || say "apt-get update had trouble; trying with what is known."
for package in "$@"; do
    apt-cache show "$package" >/dev/null 2>&1 || continue
    say "Installing $package …"
    if $root env DEBIAN_FRONTEND=noninteractive apt-get install -yq "$package" >/dev/null; then exit 0; fi
done
say "That failed. Please type: ${root:+$root }apt-get install $1"
exit 1
