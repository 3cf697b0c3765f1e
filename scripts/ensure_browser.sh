#!/bin/sh
# Make sure Chromium and its driver are there for the browser tests; without them, say that those
# tests will be skipped. Never fails.
set -eu

if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then
    exit 0
fi
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "Installation de Chromium et de son pilote..."
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update -qq </dev/null &&
        apt-get install -qq --no-install-recommends chromium chromium-driver </dev/null >/dev/null
    then
        exit 0
    fi
fi
echo "Chromium ou son pilote manque : les tests dans un navigateur seront sautés." >&2
echo "Sous Debian : sudo apt install chromium chromium-driver" >&2
