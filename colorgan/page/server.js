// "On this computer": what a browser cannot do goes to the server of `colorgan app`, which runs on the same machine.
// Without the mark that this server puts into index.html, nothing here shows or asks.
import { $, download, make, say } from "./dom.js";

const FILMS = /\.(mp4|mov|mkv|webm|avi|m4v|mpe?g|mts|m2ts|wmv|flv|ogv|3gp)$/i, OTHERS = /\.(tiff?|heic|heif|jxl|dng)$/i;
let token = "";

const api = async (path, options = {}) => {
  const response = await fetch(`api/${path}`, { ...options, headers: { ...options.headers, "X-Colorgan-Token": token } });
  if (!response.ok) throw new Error((await response.text()).slice(0, 500) || `the server answered ${response.status}`);
  return response;
};

// `dial` returns the saturation that the page shows; null before it is known
export function connect(dial) {
  if (!$('meta[name="colorgan-server"]')) return null;
  const address = new URL(location.href);
  token = address.searchParams.get("token") ?? sessionStorage.getItem("colorgan-token") ?? "";
  sessionStorage.setItem("colorgan-token", token);
  address.searchParams.delete("token");
  history.replaceState(null, "", address);
  $("#local").append(make("h2", { id: "local-title" }, "On this computer"),
    make("p", { className: "small" }, "Films, TIFF, 16 bits and very large photographs go to colorgan on this computer, and to no other."), make("div", { id: "jobs", role: "log" }), folders(dial));
  $("#local").hidden = false;
  return { takes: (file) => FILMS.test(file.name) || OTHERS.test(file.name), send };
}

// A line of the panel: what it is about, how far it is, and what can be done
function line(name) {
  const bar = make("progress", { ariaLabel: name }), state = make("span", { className: "state" }), buttons = make("span", { className: "row" });
  const root = make("div", { className: "job" }, make("strong", {}, name), bar, state, buttons);
  $("#jobs").prepend(root);
  return {
    at(done, total, text) { if (total) { bar.max = total; bar.value = done; } state.textContent = text; },
    end(text, ...more) { bar.remove(); state.textContent = text; buttons.replaceChildren(...more, make("button", { type: "button", onclick: () => root.remove() }, "Put away")); },
    offer(...more) { buttons.replaceChildren(...more); },
  };
}

const form = (entries) => { const data = new FormData(); for (const [k, ...v] of entries) data.append(k, ...v); return data; };
const given = (saturation) => (saturation === null ? [] : [["saturation", saturation]]);
const button = (text, onclick) => make("button", { type: "button", className: text === "Save" ? "main" : "", onclick }, text);

// A file that the browser cannot do; `how` has its saturation and hints
function send(file, how) { return FILMS.test(file.name) ? film(file, how) : picture(file, how); }

async function picture(file, { saturation, hints }) {
  const shown = line(file.name), ending = file.name.match(OTHERS)?.[1]?.toLowerCase() ?? "", format = /^(heic|heif|jxl|dng)$/.test(ending) ? "png" : "";
  shown.at(0, 0, "coloring…");
  try {
    const response = await api("colorize", { method: "POST", body: form([["file", file, file.name], ...given(saturation), ["hints", JSON.stringify(hints.map((o) => [o.x, o.y, o.a, o.b]))], ["format", format]]) });
    const report = JSON.parse(decodeURIComponent(response.headers.get("X-Colorgan-Report") ?? "{}")), blob = await response.blob();
    const [, stem, old] = file.name.match(/^(.*?)(\.[^.]*)?$/s), kinds = { JPEG: ".jpg", PNG: ".png", TIFF: ".tif", WEBP: ".webp", GIF: ".gif", AVIF: ".avif" };
    shown.end(["done", ...(report.notes ?? [])].join("; "), button("Save", () => download(`${stem} in color${kinds[report.format] ?? old ?? ""}`, blob)));
  } catch (e) { shown.end(e.message); }
}

async function film(file, { saturation }) {
  const shown = line(file.name);
  shown.at(0, 0, "bringing it…");
  try {
    const { job } = await (await api("films", { method: "POST", body: form([["file", file, file.name], ...given(saturation)]) })).json();
    await follow(shown, job, () => button("Save", () => fetchFile(job, file.name)));
  } catch (e) { shown.end(e.message); }
}

async function fetchFile(job, name) {
  try { download(name.replace(/(\.[^.]*)?$/, " in color$1"), await (await api(`jobs/${job}/file`)).blob()); } catch (e) { say(`${name}: ${e.message}`, "error"); }
}

// Ask how a job goes until it ends
async function follow(shown, job, save) {
  shown.offer(button("Cancel", () => api(`jobs/${job}`, { method: "DELETE" }).catch((e) => say(e.message, "error"))));
  for (;;) {
    const { state, done, total, rate, message } = await (await api(`jobs/${job}`)).json();
    if (state !== "running") return shown.end(message || state, ...(state === "done" && save ? [save()] : []));
    shown.at(done, total, [`${done} of ${total || "?"}`, rate ? `${rate.toFixed(1)} a second` : "", message].filter(Boolean).join(", "));
    await new Promise((go) => setTimeout(go, 700));
  }
}

// Folders that the server was started with
function folders(dial) {
  const choice = make("select", { ariaLabel: "Folder" }), row = make("div", { className: "row", hidden: true }, make("span", {}, "A whole folder:"), choice, button("Color it", async () => {
    const shown = line(choice.value);
    try {
      const body = JSON.stringify({ folder: choice.value, saturation: dial() ?? undefined });
      const { job } = await (await api("folders", { method: "POST", headers: { "Content-Type": "application/json" }, body })).json();
      await follow(shown, job, null);
    } catch (e) { shown.end(e.message); }
  }));
  api("about").then((response) => response.json()).then((about) => { choice.append(...about.folders.map((name) => make("option", {}, name))); row.hidden = !about.folders.length; })
    .catch((e) => say(`The server does not answer: ${e.message}. Open the address that colorgan app printed.`, "error"));
  return row;
}
