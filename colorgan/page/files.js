// Picture files: what one carries, the colored one with a record of how it was colored, and many in a zip.
const text = (s) => new TextEncoder().encode(s);
const latin = (bytes) => String.fromCharCode(...bytes);
const big = (...values) => new Uint8Array(values.flatMap(([n, size]) => Array.from({ length: size }, (_, i) => (n / 2 ** (8 * (size - 1 - i))) & 255)));
const little = (...values) => new Uint8Array(values.flatMap(([n, size]) => Array.from({ length: size }, (_, i) => (n / 2 ** (8 * i)) & 255)));

function joined(...parts) {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) { out.set(part, at); at += part.length; }
  return out;
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => { for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1; return n; });
export function crc32(bytes) {
  let c = -1;
  for (let i = 0; i < bytes.length; i++) c = CRC[(c ^ bytes[i]) & 255] ^ (c >>> 8);
  return (c ^ -1) >>> 0;
}

// ---- What a file carries: its format, EXIF, and the names of what the colored file will not have

function* jpegSegments(bytes) {  // [marker, content] before the pixels
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda; ) {
    const size = view.getUint16(at + 2);
    yield [bytes[at + 1], bytes.subarray(at + 4, at + 2 + size)];
    at += 2 + size;
  }
}

function* pngChunks(bytes) {  // [kind, content]
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const size = view.getUint32(at), kind = latin(bytes.subarray(at + 4, at + 8));
    yield [kind, bytes.subarray(at + 8, at + 8 + size)];
    at += 12 + size;
  }
}

function* webpChunks(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    yield [latin(bytes.subarray(at, at + 4)), bytes.subarray(at + 8, at + 8 + size)];
    at += 8 + size + (size % 2);
  }
}

const starts = (bytes, word, at = 0) => latin(bytes.subarray(at, at + word.length)) === word;

export function inspect(bytes) {
  const found = { format: "", exif: null, lost: new Set() }, lose = (name) => found.lost.add(name);
  if (bytes[0] === 0xff && bytes[1] === 0xd8) {
    found.format = "JPEG";
    for (const [marker, data] of jpegSegments(bytes)) {
      if (marker === 0xe1 && starts(data, "Exif\0")) found.exif = data.slice(6);
      else if (marker === 0xe1 && starts(data, "http")) lose("XMP");
      else if (marker === 0xed) lose("IPTC data");
      else if (marker === 0xfe) lose("a comment");
    }
  } else if (starts(bytes, "\x89PNG")) {
    found.format = "PNG";
    for (const [kind, data] of pngChunks(bytes)) {
      if (kind === "IHDR" && data[8] === 16) lose("16 bits, rounded to 8");
      else if (kind === "eXIf") found.exif = data.slice();
      else if (["tEXt", "zTXt", "iTXt"].includes(kind)) lose("text");
      else if (kind === "acTL") lose("all frames but the first");
      else if (kind === "pHYs") lose("the resolution");
    }
  } else if (starts(bytes, "WEBP", 8)) {
    found.format = "WebP";
    for (const [kind, data] of webpChunks(bytes)) {
      if (kind === "EXIF") found.exif = starts(data, "Exif\0") ? data.slice(6) : data.slice();
      else if (kind === "XMP ") lose("XMP");
      else if (kind === "ANMF") lose("all frames but the first");
    }
  } else if (starts(bytes, "GIF8")) {
    found.format = "GIF";
    lose("all frames but the first, if there are more");
  } else if (starts(bytes, "ftypavif", 4)) found.format = "AVIF";
  return found;
}

// ---- EXIF for an upright picture, with the name of the program. EXIF is a small TIFF, so a TIFF is written in the same way

const WIDTH = { 1: 1, 2: 1, 3: 2, 4: 4 };  // bytes of a value, by its type

function tiffBytes(exif) {  // of even length; a new TIFF where there is none
  const old = exif?.length > 8 && (starts(exif, "II*\0") || starts(exif, "MM\0*")) ? exif : joined(text("II*\0"), little([8, 4]), new Uint8Array(6));
  return joined(old, new Uint8Array(old.length % 2));
}

// A new first directory behind TIFF bytes and `gap` more: every other place stays where it was. The thumbnail is let go.
// `tags` are {number: [type, values]}, or null for a tag that goes. Returns the bytes before the gap and behind it.
function retagged(base, tags, gap = 0) {
  const head = base.slice(), order = head[0] === 0x49, write = order ? little : big, view = new DataView(head.buffer);
  const entries = new Map(), first = view.getUint32(4, order), parts = [];
  let at = head.length + gap;
  if (first + 2 <= head.length)
    for (let i = 0, from = first + 2; i < view.getUint16(first, order) && from + 12 <= head.length; i++, from += 12) entries.set(view.getUint16(from, order), head.slice(from, from + 12));
  for (const [number, tag] of Object.entries(tags)) {
    entries.delete(Number(number));
    if (!tag) continue;
    const [type, values] = tag, size = WIDTH[type], data = size === 1 ? Uint8Array.from(values) : write(...Array.from(values, (v) => [v, size]));
    const far = data.length > 4, place = far ? write([at, 4]) : joined(data, new Uint8Array(4 - data.length));
    entries.set(Number(number), joined(write([number, 2], [type, 2], [values.length, 4]), place));
    if (far) { parts.push(data, new Uint8Array(data.length % 2)); at += data.length + (data.length % 2); }
  }
  head.set(write([at, 4]), 4);
  const sorted = [...entries].sort(([a], [b]) => a - b).map(([, entry]) => entry);
  return [head, joined(...parts, write([sorted.length, 2]), ...sorted, new Uint8Array(4))];
}

const upright = (software) => ({ 274: [3, [1]], 305: [2, text(`${software}\0`)] });
export const uprightExif = (exif, software) => joined(...retagged(tiffBytes(exif), upright(software)));

// ---- The record, as colorgan/pictures/xmp.py writes it

const RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#", IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";
const OURS = "https://colorgan.github.io/colorgan/ns/1.0/";
const SYNTHETIC = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";
const escaped = (s) => String(s).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

export function xmp(record) {
  const ours = Object.entries(record).map(([k, v]) => `colorgan:${k}="${escaped(v)}"`).join(" ");
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="${RDF}">\n` +
    `<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="${IPTC}" xmlns:colorgan="${OURS}" Iptc4xmpExt:DigitalSourceType="${SYNTHETIC}" ${ours}/>\n` +
    `</rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>`;
}

// ---- The colored file

const segment = (marker, ...content) => { const data = joined(...content); return joined(new Uint8Array([0xff, marker]), big([data.length + 2, 2]), data); };
const chunk = (kind, ...content) => { const data = joined(text(kind), ...content); return joined(big([data.length - 4, 4]), data, big([crc32(data), 4])); };

export function marked(bytes, exif, record) {
  const software = `colorgan ${record.version}`, mark = text(xmp(record)), own = uprightExif(exif, software);
  if (bytes[0] === 0xff) {
    const at = bytes[3] === 0xe0 ? 4 + bytes[4] * 256 + bytes[5] : 2, fits = own.length < 65000 ? own : uprightExif(null, software);
    return joined(bytes.subarray(0, at), segment(0xe1, text("Exif\0\0"), fits), segment(0xe1, text("http://ns.adobe.com/xap/1.0/\0"), mark), bytes.subarray(at));
  }
  const labeled = [...pngChunks(bytes)].some(([kind]) => kind === "sRGB" || kind === "iCCP");
  const before = [...(labeled ? [] : [chunk("sRGB", new Uint8Array(1))]), chunk("eXIf", own), chunk("tEXt", text(`Software\0${software}`)),
    chunk("iTXt", text("XML:com.adobe.xmp\0\0\0\0\0"), mark)];
  return joined(bytes.subarray(0, 33), ...before, bytes.subarray(33));
}

const deflated = async (bytes) => new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"))).arrayBuffer());

// What a directory may say of other pixels: of a thumbnail, of tiles, of YCbCr, of a palette, of inks and profiles
const OTHERS = [255, 266, 301, 320, 322, 323, 324, 325, 330, 332, 333, 334, 336, 337, 339, 340, 341, 347, 512, 513, 514, 529, 530, 531, 532, 34675];

// A TIFF of 8 bits: strips, deflated, where each value stands as its difference from its left neighbor
export async function tiff(canvas, exif, record, clear) {
  const { width, height } = canvas, context = canvas.getContext("2d"), n = clear ? 4 : 3, rows = Math.max(1, Math.floor(2 ** 18 / width)), strips = [];
  for (let y = 0; y < height; y += rows) {
    const { data } = context.getImageData(0, y, width, Math.min(rows, height - y)), values = new Uint8Array((data.length / 4) * n);
    for (let i = 0, to = 0; i < data.length; i += 4)
      for (let c = 0; c < n; c++) values[to++] = data[i + c] - (i % (4 * width) ? data[i + c - 4] : 0);
    strips.push(await deflated(values));
  }
  const base = tiffBytes(exif), sizes = strips.map((o) => o.length), all = sizes.reduce((a, b) => a + b, 0), places = [];
  sizes.reduce((at, size) => { places.push(at); return at + size; }, base.length);
  const tags = { ...Object.fromEntries(OTHERS.map((o) => [o, null])), ...upright(`colorgan ${record.version}`), 254: [4, [0]], 256: [4, [width]], 257: [4, [height]],
    258: [3, Array(n).fill(8)], 259: [3, [8]], 262: [3, [2]], 273: [4, places], 277: [3, [n]], 278: [4, [rows]], 279: [4, sizes], 284: [3, [1]], 317: [3, [2]],
    338: clear ? [3, [2]] : null, 700: [1, text(xmp(record))] };
  const [head, tail] = retagged(base, tags, all + (all % 2));
  return new Blob([head, ...strips, new Uint8Array(all % 2), tail], { type: "image/tiff" });
}

// A painted canvas as a file: `format` is "JPEG", "PNG", "TIFF", or "" for that of the file it was
export async function encode(canvas, file, format, record, clear) {
  const original = inspect(new Uint8Array(await file.arrayBuffer())), notes = [...original.lost].map((o) => `not kept: ${o}`);
  const kind = format || (original.format === "JPEG" ? "JPEG" : "PNG");
  if (original.format && !["JPEG", "PNG"].includes(original.format) && !format) notes.push(`written as PNG, as a browser does not write ${original.format}`);
  if (kind === "JPEG" && clear) {
    const context = canvas.getContext("2d");
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
    notes.push("put on white, as JPEG has no alpha");
  } else if (clear) notes.push("half clear pixels are rounded, as browsers store them");
  if (original.exif?.length > 65000 && kind === "JPEG") notes.push("not kept: EXIF, as it is too large for JPEG");
  if (kind === "TIFF") return { blob: await tiff(canvas, original.exif, record, clear), ending: ".tif", notes };
  const type = `image/${kind.toLowerCase()}`, blob = await canvas.convertToBlob({ type, quality: 0.95 });
  if (blob.type !== type) throw new Error(`this browser cannot write ${kind}`);
  return { blob: new Blob([marked(new Uint8Array(await blob.arrayBuffer()), original.exif, record)], { type }), ending: kind === "JPEG" ? ".jpg" : ".png", notes };
}

// ---- Many in one

// Files {name, blob}, stored as they are
export async function zip(files) {
  const parts = [], list = [];
  let at = 0;
  for (const { name, blob } of files) {
    const bytes = new Uint8Array(await blob.arrayBuffer()), title = text(name);
    const facts = little([20, 2], [0x800, 2], [0, 2], [0, 2], [0x21, 2], [crc32(bytes), 4], [bytes.length, 4], [bytes.length, 4], [title.length, 2], [0, 2]);
    parts.push(text("PK\x03\x04"), facts, title, blob);
    list.push(joined(text("PK\x01\x02"), little([20, 2]), facts, little([0, 2], [0, 2], [0, 2], [0, 4], [at, 4]), title));
    at += 30 + title.length + bytes.length;
  }
  const length = list.reduce((n, part) => n + part.length, 0);
  const end = joined(text("PK\x05\x06"), little([0, 2], [0, 2], [list.length, 2], [list.length, 2], [length, 4], [at, 4], [0, 2]));
  return new Blob([...parts, ...list, end], { type: "application/zip" });
}

// A name that no other has
export function unique(name, taken) {
  const [, stem, ending] = name.match(/^(.*?)(\.[^.]*)?$/s);
  let free = name;
  for (let n = 2; taken.has(free.toLowerCase()); n++) free = `${stem} ${n}${ending ?? ""}`;
  taken.add(free.toLowerCase());
  return free;
}
