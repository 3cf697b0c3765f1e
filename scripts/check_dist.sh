#!/bin/sh
# Build the sdist and the wheel, have twine read both, build the wheel again from the sdist alone (the
# same bytes), install it in an empty environment with the runtime lock and nothing else, run the
# demonstration far from the sources; what passes goes to DIR.
# Usage: check_dist.sh PYTHON DIR (PYTHON: one that has hatchling and twine)
set -eu
# It is called from other folders too.
case $1 in
    /*) python=$1 ;;
    *) python=$PWD/$1 ;;
esac
dir=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
unset PYTHONPATH

echo "Distribution : construction..."
"$python" -m hatchling build --target sdist --target wheel --directory "$work/dist"
"$python" -m twine check --strict "$work"/dist/*

echo "Distribution : la roue refaite de la source seule..."
mkdir "$work/source"
tar -xzf "$work"/dist/*.tar.gz -C "$work/source" --strip-components 1
(cd "$work/source" && "$python" -m hatchling build --target wheel --directory "$work/again")
cmp "$work"/dist/*.whl "$work"/again/*.whl

echo "Distribution : installation dans un environnement vide..."
"$python" -m venv "$work/env"
sh scripts/install_locked.sh "$work/env/bin/python" requirements.lock
"$work/env/bin/python" -m pip install --quiet --no-deps --no-index "$work"/dist/*.whl

echo "Distribution : étude de démonstration..."
mkdir "$work/ailleurs"
(cd "$work/ailleurs" && "$work/env/bin/msap-geo" demo --sortie resultats)
for name in resume.json acces.csv zones_blanches.geojson candidats.csv etude.gpkg carte.html \
    manifest.json; do
    if [ ! -s "$work/ailleurs/resultats/$name" ]; then
        echo "Distribution : la démonstration n'a pas écrit $name." >&2
        exit 1
    fi
done

mkdir -p "$dir"
rm -f "$dir"/*.whl "$dir"/*.tar.gz
cp "$work"/dist/* "$dir"
echo "Distribution : bonne, dans $dir"
