#!/bin/sh
# Install what a complete lock names, and nothing else: no requirement is resolved, so that a release
# published after the lock was made changes nothing (pip before 23.3 looks for the newest release of
# a package required with an extra, even where the lock pins another). `pip check` then proves that
# the lock was complete.
# Usage: install_locked.sh PYTHON LOCK [LOCK ...]
set -eu
python=$1
shift

for lock; do
    "$python" -m pip install --quiet --no-deps --require-hashes --only-binary :all: \
        --requirement "$lock"
done
problems=$("$python" -m pip check) || {
    echo "$problems" >&2
    exit 1
}
