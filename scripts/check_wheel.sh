#!/bin/sh
# Build the wheel, install it in an empty environment with the runtime lock and nothing else, run
# the demonstration far from the sources; the wheel that passes goes to DIR.
# Usage: check_wheel.sh PYTHON DIR (PYTHON: one that has hatchling)
set -eu
python=$1
dir=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
unset PYTHONPATH

echo "Wheel : construction..."
"$python" -m hatchling build --target wheel --directory "$work/dist"
"$python" -m venv "$work/env"

echo "Wheel : installation dans un environnement vide..."
sh scripts/install_locked.sh "$work/env/bin/python" requirements.lock
"$work/env/bin/python" -m pip install --quiet --no-deps --no-index "$work"/dist/*.whl

echo "Wheel : étude de démonstration..."
mkdir "$work/ailleurs"
(cd "$work/ailleurs" && "$work/env/bin/msap-geo" demo --sortie resultats)
for name in resume.json acces.csv zones_blanches.geojson candidats.csv etude.gpkg carte.html \
    manifest.json; do
    if [ ! -s "$work/ailleurs/resultats/$name" ]; then
        echo "Wheel : la démonstration n'a pas écrit $name." >&2
        exit 1
    fi
done

mkdir -p "$dir"
rm -f "$dir"/*.whl
cp "$work"/dist/*.whl "$dir"
echo "Wheel : bon, dans $dir"
