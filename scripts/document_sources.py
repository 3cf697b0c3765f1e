"""Write ``docs/sources.md`` from the registry.

python scripts/document_sources.py
"""

from __future__ import annotations

from pathlib import Path

from msap_geo import sources
from msap_geo.study.prepare import NEEDED
from msap_geo.territory import DEPARTEMENTS

TARGET = Path(__file__).parent.parent / "docs" / "sources.md"

_THEMES = {
    "Communes, population et codes": {"communes", "population", "cog", "mairies"},
    "Maisons, La Poste et autres guichets": {"maisons", "la_poste", "horaires", "operateurs"},
    "Routes et transports": {"reseau", "transports"},
    "Habitants et équipements": {"carreaux", "indicateurs", "equipements", "prospective"},
    "Zonages": {"appartenance", "densite"},
}

_FORMS = {
    "fichier": "",
    "pages": " (table donnée page après page, mise en un CSV)",
    "catalogue": " (catalogue : la ressource y est cherchée)",
    "atom": " (flux ATOM : la dernière édition y est cherchée)",
    "dossier": " (dossier listé : le fichier le plus récent y est pris)",
}

_HEAD = """\
<!-- Fait par scripts/document_sources.py d'après msap_geo/sources : ne pas modifier à la main. -->

# Les sources officielles

`msap-geo telecharger 72 53` prend ce qu'une étude demande (ligne « étude »), pour les
départements donnés et leurs voisins ; `--avec SOURCE` y ajoute une autre source, par son
identifiant. `--leger` prend les routes de chaque département au lieu de celles des anciennes
régions entières.

**Aucune adresse n'a encore été essayée par le projet** : il est écrit sur des machines sans accès
à ces serveurs. Chacune a été retrouvée dans des documents publics ; où elle ne l'a pas été, il
reste la page où prendre le fichier. Tout fichier est contrôlé avant d'être gardé (taille annoncée,
format, colonnes, dernière ligne ou pied de fichier) : une adresse périmée donne une erreur qui dit
quoi faire.

## Sans accès direct

- **Proxy** : variables `HTTPS_PROXY` et `HTTP_PROXY`. Les certificats sont ceux de la machine ;
  `SSL_CERT_FILE` en désigne d'autres.
- **Miroir** : `MSAP_GEO_MIROIR`, une adresse `http(s)` ou un dossier (lecteur partagé, clé USB), où
  chaque fichier porte le nom de la ligne « fichier ». Le dossier d'une étude téléchargée en est un.
- **À la main** : déposer le fichier sous ce nom dans le dossier de l'étude ; il est contrôlé, puis
  utilisé.

Tout fichier téléchargé reste aussi dans le cache de la machine (`MSAP_GEO_CACHE` pour le choisir)
et n'est pas repris à l'étude suivante ; `--forcer` le reprend. À côté de chacun,
`<fichier>.source.json` dit son origine, sa date, sa licence, son millésime et son empreinte
(SHA-256), vérifiée à chaque usage. Ce fichier porte aussi sa propre empreinte (`controle`) :
changé ou abîmé, ce qu'il dit n'est plus repris, et c'est dit (`fichier-change`).

**Routes du jour** : `[reseau] source = "osm"` les demande à OpenStreetMap (serveur Overpass
public, ou `MSAP_GEO_OVERPASS`), sans passer par `telecharger` :
[les routes du jour](reseau.md#les-routes-du-jour).
"""


def page() -> str:
    """Return the page, as Markdown."""
    parts = [_HEAD]
    left = dict(sources.registry())
    for theme, roles in _THEMES.items():
        chosen = {name: left.pop(name) for name in list(left) if set(left[name].roles) & roles}
        parts.append(f"## {theme}\n")
        parts += [_entry(source) for source in chosen.values()]
    if left:
        raise SystemExit(f"no theme for {sorted(left)}")
    parts.append(_extracts())
    return "\n".join(parts)


def _entry(source: sources.Source) -> str:
    rows = {
        "éditeur": source.editeur,
        "page": f"<{source.page}>",
        "adresse": f"`{source.url}`{_FORMS[source.forme]}"
        if source.url
        else "à prendre sur la page",
        "fichier": f"`{source.fichier}` ({source.portee})",
        "millésime": source.millesime,
        "licence": f"{source.licence} ; « {source.attribution} »",
        "taille": _size(source),
        "contenu": _content(source),
        "étude": f"`{'`, `'.join(source.roles)}`" if source.id in NEEDED else "non",
        "preuve": source.preuve or "retrouvée dans des documents publics, non revérifiée en 2026",
        "essayée": "oui" if source.essaye else "non",
        "remarque": source.remarque,
    }
    table = "\n".join(f"| {name} | {text} |" for name, text in rows.items() if text)
    return f"### `{source.id}` : {source.titre}\n\n| | |\n|---|---|\n{table}\n"


def _size(source: sources.Source) -> str:
    return "" if source.taille_mo is None else f"environ {source.taille_mo:g} Mo".replace(".", ",")


def _content(source: sources.Source) -> str:
    columns = ", ".join(f"`{name}`" for name in source.colonnes)
    rows = f"environ {source.lignes:,} lignes".replace(",", " ") if source.lignes else ""
    return " ; ".join(part for part in (source.format, rows, columns) if part)


def _extracts() -> str:
    rows = [
        f"| `{name}` | {sources.extract_size_mb(name)} | "
        f"{', '.join(code for code in DEPARTEMENTS if name in sources.extracts([code]))} |"
        for name in sources.extracts(DEPARTEMENTS)
    ]
    head = "## Extraits OpenStreetMap par département\n\n| extrait | Mo, environ | départements |"
    return "\n".join([head, "|---|---|---|", *rows]) + "\n"


def main() -> None:
    """Write the page."""
    TARGET.write_text(page(), encoding="utf-8", newline="\n")
    print(TARGET)


if __name__ == "__main__":
    main()
