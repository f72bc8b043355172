// The page: photographs come in by drop, paste or choice, stand in a strip, are colored one after the other, and are saved.
import { $, between, download, make, say } from "./dom.js";
import { ask, start } from "./client.js";
import { Picker, shown } from "./picker.js";
import { Stage } from "./stage.js";
import { inspect, unique, zip } from "./files.js";
import { connect } from "./server.js";

const items = [];  // {key, name, file, url, state, width, height, hints, past, thumb}
let item = null;  // the one on the stage
// Until the network is there, `saturation` is null: what suits the weights
let saturation = null, keys = 0, picker = null, running = false;
const server = connect(() => saturation);
const stage = new Stage($("#stage"), { onPoint: askColor, onMark: askColor });
const input = make("input", { type: "file", multiple: true, accept: server ? "" : "image/*", hidden: true, ariaLabel: "Photographs" });
document.body.append(input);
const facts = (o) => ({ key: o.key, file: o.file, saturation, hints: o.hints.map(({ x, y, a, b }) => ({ x, y, a, b })) });

// ---- The network, once

// A module of one instruction that needs SIMD
const SIMD = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11]);

function lacking() {
  if (!globalThis.WebAssembly || !WebAssembly.validate(SIMD)) return "This browser has no WebAssembly with SIMD, which the network needs. Use a newer one: Chrome or Edge 91, Firefox 89, Safari 16.4, or later.";
  if (!globalThis.OffscreenCanvas || !globalThis.DecompressionStream) return "This browser is too old for this page. Use a newer one: Chrome or Edge 91, Firefox 113, Safari 16.4, or later.";
  const context = make("canvas", { width: 1, height: 1 }).getContext("2d"), pixel = new Uint8ClampedArray([201, 100, 50, 255]);
  context.putImageData(new ImageData(pixel, 1, 1), 0, 0);
  if (context.getImageData(0, 0, 1, 1).data.some((v, i) => v !== pixel[i])) say("This browser changes the pixels that a page reads, against tracking. Colors may be slightly off; allow this page to read a canvas.");
}

const parts = {};
function progress({ part, done, total }) {
  parts[part] = [done, total];
  const [now, all] = Object.values(parts).reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
  $("#bar").value = all ? now / all : 0;
  $("#loading label").textContent = now < all ? `Loading the network, once: ${(now / 1e6).toFixed(1)} of ${(all / 1e6).toFixed(1)} MB` : "Starting the network…";
}

async function begin() {
  $("#loading label").textContent = "Loading the network…";
  $("#loading").hidden = false;
  await start(progress);
  const { settings, threads } = await ask("load");
  setSaturation(settings.saturation);
  Object.assign(document.documentElement.dataset, { ready: "1", threads });
  $("#loading").hidden = true;
}

const ready = (async () => {
  const why = lacking();
  if (why) throw new Error(why);
  await begin();
})();
ready.catch((e) => { $("#loading").hidden = true; say(`The network could not be started: ${e.message}`, "error"); });

// ---- Photographs come

async function add(files) {
  for (const file of files) {
    const deep = server && inspect(new Uint8Array(await file.slice(0, 64).arrayBuffer())).lost.has("16 bits, rounded to 8");
    if (deep || server?.takes(file)) { server.send(file, facts({ hints: [] })); continue; }
    items.push({ key: ++keys, name: file.name || "pasted.png", file, url: URL.createObjectURL(file), state: "waiting", hints: [], past: [], thumb: "" });
  }
  showStrip();
  run();
}

// One after the other, the one on the stage first
async function run() {
  if (running) return;
  running = true;
  try {
    await ready;
    for (let next; (next = items.find((o) => o.state === "waiting")); ) await prepare(next);
  } catch { for (const o of items) o.state = "failed"; } finally {
    running = false;
    showStrip();
  }
}

async function prepare(o) {
  o.state = "working";
  showStrip();
  try {
    const { thumb, ...size } = await ask("prepare", facts(o));
    Object.assign(o, size, { state: "ready", thumb: URL.createObjectURL(thumb) });
    if (!item && items.includes(o)) await turnTo(o);
  } catch (e) {
    const there = items.includes(o);
    remove(o);
    if (there && server) server.send(o.file, facts(o));
    else if (there) say(`${o.name}: ${e.message}.`, "error");
  }
  showStrip();
}

function remove(o) {
  const i = items.indexOf(o);
  if (i < 0) return;
  items.splice(i, 1);
  ask("forget", { key: o.key });
  for (const url of [o.url, o.thumb]) if (url) URL.revokeObjectURL(url);
  if (item === o) {
    closePicker();
    item = null;
    const next = items.slice(i).concat(items.slice(0, i).reverse()).find((p) => p.state === "ready");
    if (next) turnTo(next);
  }
  showStrip();
}

input.onchange = () => { const files = [...input.files]; input.value = ""; add(files); };
$("#zone").onclick = () => input.click();
addEventListener("paste", (e) => { const files = [...(e.clipboardData?.files ?? [])]; if (files.length) { e.preventDefault(); add(files); } });
addEventListener("dragover", (e) => { e.preventDefault(); document.body.classList.add("over"); });
addEventListener("dragleave", (e) => { if (!e.relatedTarget) document.body.classList.remove("over"); });
addEventListener("drop", (e) => { e.preventDefault(); document.body.classList.remove("over"); add([...e.dataTransfer.files]); });

for (const name of ["astronaut", "chelsea", "coffee", "hopper"]) {
  const title = { astronaut: "An astronaut", chelsea: "A cat", coffee: "A cup of coffee", hopper: "An officer" }[name];
  $("#samples").append(make("button", { type: "button", title, onclick: async () => add([new File([await (await fetch(`samples/${name}.jpg`)).blob()], `${name}.jpg`, { type: "image/jpeg" })]) },
    make("img", { src: `samples/${name}.jpg`, alt: title, draggable: false })));
}

// ---- The strip

function showStrip() {
  document.body.classList.toggle("full", items.length > 0);
  $("#start").hidden = items.length > 0;
  $("#work").hidden = !items.length;
  const { activeElement } = document, focused = $("#strip").contains(activeElement) && activeElement.dataset.key;
  $("#strip").replaceChildren(...items.map((o) => {
    const tile = make("button", { type: "button", className: `tile ${o.state}`, title: o.name, ariaLabel: o.state === "ready" ? o.name : `${o.name}, ${o.state}`, ariaPressed: String(o === item),
      onclick: () => o.state === "ready" && turnTo(o), onkeydown: (e) => { if (e.key === "Delete") remove(o); } }, make("img", { src: o.thumb || o.url, alt: "", draggable: false }));
    tile.dataset.key = o.key;
    return make("span", { className: "frame" }, tile,
      make("button", { type: "button", className: "away", title: `Put ${o.name} away`, ariaLabel: `Put ${o.name} away`, onclick: () => remove(o) }, "\u00d7"));
  }), make("button", { type: "button", className: "tile add", title: "Add photographs", ariaLabel: "Add photographs", onclick: () => input.click() }, "+"));
  if (focused) $(`#strip [data-key="${focused}"]`)?.focus({ preventScroll: true });
  const done = items.filter((o) => o.state === "ready").length;
  $("#all").hidden = items.length < 2;
  $("#all").textContent = done < items.length ? `Save all (${done} of ${items.length} colored)` : `Save all ${done}`;
  for (const id of ["save", "all"]) $(`#${id}`).disabled = !item || (id === "all" && done < items.length);
  if (!item && items.length) stage.work(document.documentElement.dataset.ready ? "Coloring…" : "Waiting for the network…");
  if (!item && items.length && stage.key !== items[0].key) {
    const first = items[0], im = new Image();
    stage.key = first.key;
    im.onload = () => { if (!item && items[0] === first) stage.open(first.url, im.naturalWidth, im.naturalHeight); };
    im.src = first.url;
  }
}

// ---- One on the stage

async function turnTo(o) {
  closePicker();
  item = o;
  stage.key = o.key;
  stage.open(o.url, o.width, o.height);
  showStrip();
  await refresh();
}

async function refresh() {
  const o = item;
  if (!o) return;
  stage.showMarks(o.hints);
  $("#undo").disabled = !o.past.length;
  $("#clear").disabled = !o.hints.length;
  stage.work("Coloring…");
  try {
    const result = await ask("show", facts(o), (bitmap) => { if (item === o) stage.show(bitmap); });
    if (!result || item !== o) return;  // something newer is on its way
    stage.show(result.bitmap);
    stage.work("");
  } catch (e) {
    stage.work("");
    say(`${o.name}: ${e.message}.`, "error");
  }
}

function setSaturation(value) {
  saturation = value;
  $("#saturation").value = value;
  $("#much").textContent = value.toFixed(2);
}
$("#saturation").oninput = (e) => { setSaturation(Number(e.target.value)); refresh(); };

// ---- Hints

function setHints(hints, about = null) {  // changes in a row about one point are one step for Undo
  if (!about || about !== item.about) item.past.push(item.hints);
  Object.assign(item, { hints, about });
  refresh();
}

function undo() {
  if (!item?.past.length) return;
  closePicker();
  Object.assign(item, { hints: item.past.pop(), about: null });
  refresh();
}

async function askColor(x, y) {
  closePicker();
  const o = item;
  if (!o) return;
  stage.aimAt([(x + 0.5) / o.width, (y + 0.5) / o.height]);
  const point = await ask("colors", { ...facts(o), x, y, n: 161 });
  if (item !== o) return;
  closePicker();
  const others = () => item.hints.filter((h) => h.x !== x || h.y !== y), about = `${x},${y},${Date.now()}`;
  picker = new Picker({ ...point, x, y, given: o.hints.some((h) => h.x === x && h.y === y) }, {
    give: (a, b) => setHints([...others(), { x, y, a, b, css: shown(point.L, a, b) }], about),
    remove: () => { setHints(others()); closePicker(); },
    close: closePicker,
    toLab: (rgb) => ask("color", { rgb }),
  });
  stage.pair.classList.add("asked");
  picker.settle(stage.pair, ...stage.cursor);
}

function closePicker() {
  if (!picker) return;
  const focused = picker.root.contains(document.activeElement);
  picker.root.remove();
  picker = null;
  stage.pair.classList.remove("asked");
  if (focused) stage.pair.focus({ preventScroll: true });
}

$("#undo").onclick = undo;
$("#clear").onclick = () => { closePicker(); setHints([]); };
addEventListener("keydown", (e) => {
  if (e.key === "Escape") closePicker();
  if (e.key === "z" && (e.ctrlKey || e.metaKey) && item) { e.preventDefault(); undo(); }
});

// ---- Save

async function colored(o) {
  const { blob, ending, notes } = await ask("save", { ...facts(o), format: $("#format").value });
  for (const note of notes) if (!o.told?.has(note)) { (o.told ??= new Set()).add(note); say(`${o.name}: ${note}.`); }
  return { name: `${o.name.replace(/\.[^.]*$/, "")} in color${ending}`, blob };
}

async function saving(work) {
  stage.work("Saving…");
  for (const id of ["save", "all"]) $(`#${id}`).disabled = true;
  try { await work(); } catch (e) { say(`It could not be saved: ${e.message}.`, "error"); } finally {
    stage.work("");
    showStrip();
  }
}

$("#save").onclick = () => saving(async () => { const { name, blob } = await colored(item); download(name, blob); });
$("#all").onclick = () => saving(async () => {
  const taken = new Set(), files = [];
  for (const o of items) {
    stage.work(`Saving ${files.length + 1} of ${items.length}…`);
    const { name, blob } = await colored(o);
    files.push({ name: unique(name, taken), blob });
  }
  download("in color.zip", await zip(files));
});

// ---- Without a network, from the second visit on

if ("serviceWorker" in navigator && !server) ready.then(() => navigator.serviceWorker.register("sw.js")).catch(() => {});
