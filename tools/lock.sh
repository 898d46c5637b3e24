#!/bin/sh
# Writes constraints.txt anew: the newest versions that pyproject.toml allows, tried in an environment of its own.
set -eu
cd "$(dirname "$0")/.."
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
"${PYTHON:-python3}" -m venv "$fresh"
"$fresh/bin/python" -m pip install --quiet --upgrade pip
"$fresh/bin/python" -m pip install --quiet hatchling editables '.[dev,bench,chains,link]'
{
    echo "# The versions that were tested together: names and versions only. Written by: make lock"
    "$fresh/bin/python" -m pip freeze --exclude sideman
} >"$fresh/constraints.txt"
cp "$fresh/constraints.txt" constraints.txt
