// What the map is drawn on, where the study gives it: sea, neighbouring départements, relief, rivers.
"use strict";
(function () {
  function under() { return msap.donnees().fond || {}; }

  function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

  function areas(shape) { return Array.from({ length: shape.areas }, function (_, i) { return i; }); }

  function fill(ctx, shape, seen, style) {
    ctx.fillStyle = style;
    ctx.beginPath();
    areas(shape).forEach(function (area) { shape.pathArea(ctx, area, seen); });
    ctx.fill("evenodd");
  }

  function sea() {
    var shape = new msap.trace.Topologie(under().mer);
    return msap.nouvelleToile("mer", function (ctx, view) { fill(ctx, shape, shape.seen(view), colour("--msap-eau")); });
  }

  function neighbours() {
    var shape = new msap.trace.Topologie(under().voisins.trace);
    return msap.nouvelleToile("voisins", function (ctx, view) {
      var seen = shape.seen(view);
      fill(ctx, shape, seen, colour("--msap-terre"));
      msap.tracer(ctx, shape, seen, shape.all(), colour("--msap-champ"), 1, [5, 3]);
    });
  }

  function rivers() {
    var shape = new msap.trace.Topologie(under().rivieres);
    return msap.nouvelleToile("rivieres", function (ctx, view) {
      var wide = Math.max(0.8, Math.min(2.4, 0.45 * (view.zoom - 6)));
      msap.tracer(ctx, shape, shape.seen(view), shape.all(), "#2b7bba", wide);
    });
  }

  // Shadows are black more or less opaque, so that the colours of the classes stay what they are in the light.
  function relief() {
    var picture = new Image(), box = under().relief.boite;
    var canvas = msap.nouvelleToile("relief", function (ctx, view) {
      if (!picture.complete || !picture.naturalWidth) { return; }
      ctx.drawImage(picture, box[0] * view.k + view.dx, box[1] * view.k + view.dy, (box[2] - box[0]) * view.k, (box[3] - box[1]) * view.k);
    });
    picture.onload = function () { canvas.redraw(); };
    picture.src = "data:image/png;base64," + under().relief.image;
    return canvas;
  }

  Object.assign(msap.faiseurs, { mer: sea, voisins: neighbours, rivieres: rivers, relief: relief });
})();
