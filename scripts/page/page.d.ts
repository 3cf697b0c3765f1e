// What the scripts of the page may take for granted, that a checker cannot see.

/** Leaflet, inlined in every page; its own types would forbid the private members Folium needs. */
declare const L: any;

// The scripts are written for the markup beside them (panneau.html, atlas.html): what they look for by its
// identifier is there, is HTML, and of this kind. What some pages lack is tested all the same.
interface Document {
  getElementById(elementId: "msap-candidats"): HTMLTableElement;
  getElementById(elementId: "msap-portee" | "msap-publics" | "msap-theme"): HTMLSelectElement;
  getElementById(elementId: "msap-recherche"): HTMLInputElement;
  getElementById(elementId: string): HTMLElement;
}
interface ParentNode {
  querySelector(selectors: `details${string}`): HTMLDetailsElement | null;
  querySelector(selectors: string): HTMLElement;
  querySelectorAll(selectors: string): NodeListOf<HTMLElement>;
}
interface Element {
  closest(selector: string): HTMLElement;
}
