// The worker as the page sees it: `await ask(kind, message)`.
const waiting = new Map();
let worker, count = 0;

// Started from a blob, a worker has the content security policy of the page; from its own address it would have none
export function start(onProgress) {
  const address = new URL("worker.js", import.meta.url).href;
  worker = new Worker(URL.createObjectURL(new Blob([`import ${JSON.stringify(address)};`], { type: "text/javascript" })), { type: "module" });
  return new Promise((go, fail) => {
    worker.onerror = (e) => fail(new Error(e.message || "a file of the page is missing"));
    worker.onmessage = ({ data }) => {
      if (data.here) return go();
      if (data.progress) return onProgress(data.progress);
      const { settle, refuse, onPreview } = waiting.get(data.id);
      if (data.preview) return onPreview(data.preview);
      waiting.delete(data.id);
      "error" in data ? refuse(new Error(data.error)) : settle(data.result);
    };
  });
}

export function ask(kind, message = {}, onPreview = null) {
  const id = ++count;
  return new Promise((settle, refuse) => {
    waiting.set(id, { settle, refuse, onPreview });
    worker.postMessage({ ...message, id, kind });
  });
}
