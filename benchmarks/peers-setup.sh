#!/bin/sh
# Make an environment of its own for each peer that is written in Python, below build/peers: their
# dependencies and ours do not go together, and nothing of them belongs into the project's own.
# Peers of the distribution (Debian's names): hashdeep sleuthkit ewf-tools ntfs-3g e2fsprogs.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
for peer in "plaso plaso" "dissect dissect.target dissect.extfs dissect.ntfs" \
    "lmdb lmdb numpy" "pdqhash pdqhash threatexchange numpy pillow" \
    "near faiss-cpu threatexchange"; do
    # shellcheck disable=SC2086 # words on purpose: the environment, then its packages
    set -- $peer
    place=build/peers/$1
    shift
    test -x "$place/bin/python" || "$python" -m venv "$place"
    "$place/bin/python" -m pip --disable-pip-version-check --quiet install "$@" \
        || { echo "$place: not installed, and left out of the comparison" >&2; rm -rf "$place"; }
done
