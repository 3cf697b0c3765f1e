#!/bin/sh
# Make sure DIR holds a working virtual environment of PYTHON.
# Usage: ensure_venv.sh PYTHON DIR
set -eu
python=$1
dir=$2

fail() {
    echo "$1" >&2
    exit 1
}

command -v "$python" >/dev/null || fail "Python introuvable : $python (voir make PYTHON=...)"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Il faut Python 3.11 ou plus récent ; $python est $("$python" --version)."

version() {
    "$1" -c 'import sys; print(sys.version_info[:2])' 2>/dev/null
}
if "$dir/bin/python" -m pip --version >/dev/null 2>&1 &&
    [ "$(version "$dir/bin/python")" = "$(version "$python")" ]
then
    exit 0
fi

# Debian ships ensurepip, which venv needs, in a package of its own.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        fail "Il manque à $python le module ensurepip. Sous Debian : sudo apt install $package"
    fi
    echo "Installation de $package..."
    apt-get update -qq </dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "$package" \
        </dev/null >/dev/null
fi
"$python" -m venv --clear "$dir"
