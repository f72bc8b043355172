// The work behind the page: decode a picture, let the network see a small copy, color it row by row, encode it.
// From the page: {id, kind, ...}. To the page: {id, result} or {id, error}; and {progress: {part, done, total}} while files come.
import * as ort from "./ort/ort.wasm.bundle.min.mjs";
import { Upsampler, labOf, lightnessOf, paintRows, possibleColors, smallLightness, spreadHints, viewSize } from "./lab.js";
import { encode } from "./files.js";

const MOST = 40e6;  // pixels of the largest picture
const timed = (name, start) => performance.measure(name, { start });  // for developer tools
const here = (name) => new URL(name, import.meta.url).href;
let settings, session;
let open = {};  // the picture in memory, and only that one: {key, canvas, context, width, height}
let wanted = 0;  // the last request to show a picture; older ones stop
const seen = new Map();  // by key: what the network said of each picture, {small, ab, h, w, clear}

// ---- Files of the page

async function bytesOf(name, part) {
  const response = await fetch(here(name));
  if (!response.ok) throw new Error(`${name} could not be loaded (${response.status}). Reload the page.`);
  const total = Number(response.headers.get("Content-Length")) || 0, pieces = [], reader = response.body.getReader();
  for (let done = 0; ; ) {
    const { value } = await reader.read();
    if (!value) return new Blob(pieces);
    pieces.push(value);
    postMessage({ progress: { part, done: (done += value.length), total: Math.max(total, done) } });
  }
}

// Some servers unpack a file that ends in .gz on the way, others do not
async function unpacked(blob) {
  const head = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  if (head[0] !== 0x1f || head[1] !== 0x8b) return blob.arrayBuffer();
  return new Response(blob.stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

async function load() {
  settings = await (await bytesOf("settings.json", "settings")).text().then(JSON.parse);
  const [wasm, model] = await Promise.all([bytesOf("ort/ort-wasm-simd-threaded.wasm.gz", "engine").then(unpacked),
    bytesOf("colorgan.onnx", "network").then((blob) => blob.arrayBuffer())]);
  ort.env.wasm.wasmBinary = wasm;
  ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(8, navigator.hardwareConcurrency || 1) : 1;
  ort.env.logLevel = "error";
  const begin = performance.now();
  session = await ort.InferenceSession.create(new Uint8Array(model), { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
  timed("start", begin);
  return { settings, threads: ort.env.wasm.numThreads };
}

// ---- A picture

async function opened({ key, file }) {
  if (open.key === key) return open;
  open = {};
  const begin = performance.now();
  let bitmap;
  try { bitmap = await createImageBitmap(file); } catch { throw new Error("it is damaged, cut short, or no picture that this browser can read"); }
  const { width, height } = bitmap;
  if (width * height > MOST) {
    bitmap.close();
    throw new Error(`it has ${Math.round((width * height) / 1e6)} megapixels, and this page takes up to ${MOST / 1e6}. Use the command: colorgan colorize`);
  }
  const canvas = new OffscreenCanvas(width, height), context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  timed("decode", begin);
  return (open = { key, canvas, context, width, height });
}

// Step 1: what the network says of a picture, once for each
async function predicted(picture) {
  if (seen.has(picture.key)) return seen.get(picture.key);
  const { width, height, context } = picture, [h, w] = viewSize(height, width, settings.size, settings.multiple), n = h * w, begin = performance.now();
  const { L: small, clear } = smallLightness((y, rows) => context.getImageData(0, y, width, rows).data, width, height, w, h);
  timed("small copy", begin);
  const middle = performance.now(), out = await session.run({ L_norm: new ort.Tensor("float32", small.map((L) => L / 50 - 1), [1, 1, h, w]) });
  timed("network", middle);
  const ab_norm = await out.ab_norm.getData(), ab = [0, 1].map((c) => Float32Array.from(ab_norm.subarray(c * n, (c + 1) * n), (v) => v * 110));
  const found = { small, ab, h, w, clear };
  seen.set(picture.key, found);
  return found;
}

// Between steps 1 and 2: saturation, and hints {x, y, a, b} in pixels of the picture
function spread(picture, { small, ab, h, w }, { saturation, hints }) {
  const colors = ab.map((plane) => plane.map((v) => v * saturation));
  if (!hints.length) return colors;
  const at = hints.map((o) => ({ ...o, L: lightnessOf(...picture.context.getImageData(o.x, o.y, 1, 1).data) }));
  return spreadHints(colors, small, h, w, at, picture.width, picture.height);
}

const pause = () => new Promise((go) => { const { port1, port2 } = new MessageChannel(); port1.onmessage = () => { port1.close(); go(); }; port2.postMessage(0); });

// Steps 2 and 3: the picture in color at its own size or smaller, a strip at a time. Null if something newer is wanted.
async function painted(picture, found, colors, share = 1, goesOn = () => true) {
  const width = Math.max(1, Math.round(picture.width * share)), height = Math.max(1, Math.round(picture.height * share));
  const begin = performance.now();
  let source = picture.context;
  if (share < 1) {
    source = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    source.imageSmoothingQuality = "high";
    source.drawImage(picture.canvas, 0, 0, width, height);
  }
  const canvas = new OffscreenCanvas(width, height), context = canvas.getContext("2d", { willReadFrequently: true, alpha: found.clear });
  const upsampler = new Upsampler(colors, found.small, found.h, found.w, height, width), rows = Math.max(1, Math.floor(2 ** 18 / width));
  for (let y = 0; y < height; y += rows) {
    const strip = source.getImageData(0, y, width, Math.min(rows, height - y));
    paintRows(strip.data, y, upsampler);
    context.putImageData(strip, 0, y);
    if (share === 1) await pause();
    if (!goesOn()) return null;
  }
  timed(share < 1 ? "paint small" : "paint", begin);
  return canvas;
}

const shareFor = (picture, pixels) => Math.min(1, Math.sqrt(pixels / (picture.width * picture.height)));

// ---- What the page asks for

const work = {
  load,

  // Look at a picture for the first time: its size, and a thumbnail in color
  async prepare(message) {
    const picture = await opened(message), found = await predicted(picture);
    const thumb = await painted(picture, found, spread(picture, found, message), Math.min(1, 272 / Math.min(picture.width, picture.height)));
    return { width: picture.width, height: picture.height, clear: found.clear, thumb: await thumb.convertToBlob({ type: "image/jpeg", quality: 0.85 }) };
  },

  // The picture in color: a smaller one at once where it is large, then the whole
  async show(message) {
    const goesOn = () => wanted === message.id;
    if (!goesOn()) return null;
    const picture = await opened(message), found = await predicted(picture), colors = spread(picture, found, message);
    const first = shareFor(picture, 1e6);
    if (first < 0.7) {
      const small = await painted(picture, found, colors, first, goesOn);
      if (small) hand({ id: message.id, preview: small.transferToImageBitmap() });
    }
    const whole = goesOn() && (await painted(picture, found, colors, 1, goesOn));
    return whole ? { bitmap: whole.transferToImageBitmap() } : null;
  },

  // A file of the picture in color
  async save(message) {
    const picture = await opened(message), found = await predicted(picture);
    const canvas = await painted(picture, found, spread(picture, found, message));
    const record = { version: settings.version, weights: settings.weights, size: settings.size, saturation: message.saturation };
    if (message.hints.length) record.hints = message.hints.length;
    return encode(canvas, message.file, message.format, record, found.clear);
  },

  // The colors that a point can have, and the one that it has
  async colors(message) {
    const { x, y, n } = message, picture = await opened(message), found = await predicted(picture), point = picture.context.getImageData(x, y, 1, 1).data;
    const L = lightnessOf(...point), [a, b] = new Upsampler(spread(picture, found, message), found.small, found.h, found.w, picture.height, picture.width).at(x, y, L);
    return { L, a, b, ...possibleColors(L, n) };
  },

  color: ({ rgb }) => labOf(...rgb.map((v) => v / 255)),  // of sRGB bytes

  forget({ key }) {
    seen.delete(key);
    if (open.key === key) open = {};
  },
};

function hand(message) {
  const { bitmap, rgba } = message.result ?? {};
  postMessage(message, [bitmap, message.preview, rgba?.buffer].filter(Boolean));
}

async function answer(message) {
  try { hand({ id: message.id, result: await work[message.kind](message) }); } catch (e) { hand({ id: message.id, error: e.message || String(e) }); }
}

let last = Promise.resolve();
onmessage = ({ data }) => {
  if (data.kind === "show") wanted = data.id;
  last = last.then(() => answer(data));
};
postMessage({ here: true });
