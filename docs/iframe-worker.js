// A page opened from a disk may start no worker: the search of the theme then runs in a hidden frame, which it knows how to do
// where IFrameWorker exists. The name is what keeps the theme from fetching a program of that name.
if (location.protocol === "file:") {
  const load = (page, src) => new Promise((onload, onerror) => {
    page.body.append(Object.assign(page.createElement("script"), { src, onload, onerror }));
  });

  window.IFrameWorker = window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = Object.assign(document.createElement("iframe"), { hidden: true });
      document.documentElement.append(frame);
      this.scope = frame.contentWindow;
      this.scope.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      this.scope.importScripts = async (...urls) => {
        for (const one of urls) await load(this.scope.document, one);
      };
      this.ready = load(this.scope.document, new URL(url, location.href).href);
    }

    postMessage(data) {
      this.ready.then(() => this.scope.dispatchEvent(new MessageEvent("message", { data })));
    }

    terminate() {}
  };
}
