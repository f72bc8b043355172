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

// ---- EXIF for an upright picture, with the name of the program

// A new first directory at the end of the old bytes: every other place stays where it was. The thumbnail is let go.
export function uprightExif(exif, software) {
  const old = exif?.length > 8 && (starts(exif, "II*\0") || starts(exif, "MM\0*")) ? exif : joined(text("II*\0"), little([8, 4]), new Uint8Array(6));
  const order = old[0] === 0x49, write = order ? little : big, view = new DataView(old.buffer, old.byteOffset, old.length);
  const entries = new Map(), first = view.getUint32(4, order);
  if (first + 2 <= old.length)
    for (let i = 0, at = first + 2; i < view.getUint16(first, order) && at + 12 <= old.length; i++, at += 12) entries.set(view.getUint16(at, order), old.slice(at, at + 12));
  const name = text(`${software}\0`), padded = joined(old, new Uint8Array(old.length % 2)), at = padded.length + name.length + (name.length % 2);
  entries.set(305, joined(write([305, 2], [2, 2], [name.length, 4], [padded.length, 4])));
  if (entries.has(274)) entries.set(274, write([274, 2], [3, 2], [1, 4], [1, 2], [0, 2]));
  const sorted = [...entries].sort(([a], [b]) => a - b).map(([, entry]) => entry);
  const out = joined(padded, name, new Uint8Array(name.length % 2), write([sorted.length, 2]), ...sorted, new Uint8Array(4));
  out.set(write([at, 4]), 4);
  return out;
}

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
  const software = `colorgan ${record.version}`, mark = text(xmp(record)), upright = uprightExif(exif, software);
  if (bytes[0] === 0xff) {
    const at = bytes[3] === 0xe0 ? 4 + bytes[4] * 256 + bytes[5] : 2, fits = upright.length < 65000 ? upright : uprightExif(null, software);
    return joined(bytes.subarray(0, at), segment(0xe1, text("Exif\0\0"), fits), segment(0xe1, text("http://ns.adobe.com/xap/1.0/\0"), mark), bytes.subarray(at));
  }
  const labeled = [...pngChunks(bytes)].some(([kind]) => kind === "sRGB" || kind === "iCCP");
  const before = [...(labeled ? [] : [chunk("sRGB", new Uint8Array(1))]), chunk("eXIf", upright), chunk("tEXt", text(`Software\0${software}`)),
    chunk("iTXt", text("XML:com.adobe.xmp\0\0\0\0\0"), mark)];
  return joined(bytes.subarray(0, 33), ...before, bytes.subarray(33));
}

// A painted canvas as a file: `format` is "JPEG", "PNG", or "" for that of the file it was
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
