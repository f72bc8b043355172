// From an sRGB picture to CIE Lab and back: the steps of the Python library, as pure functions. A picture is RGBA bytes; a plane
// is a Float32Array of h*w numbers. L is in [0, 100], a and b are in CIE units. Read nbs/01_lab.ipynb for the why of each step.

// ---- sRGB and Lab (colorgan/lab.py)

const WHITE = [0.95047, 1, 1.08883];
const XYZ = [[0.412453, 0.35758, 0.180423], [0.212671, 0.71516, 0.072169], [0.019334, 0.119193, 0.950227]].map((row, i) => row.map((v) => v / WHITE[i]));
const RGB = inverse(XYZ);

function inverse([[a, b, c], [d, e, f], [g, h, i]]) {
  const A = e * i - f * h, B = f * g - d * i, C = d * h - e * g, det = a * A + b * B + c * C;
  return [[A, c * h - b * i, b * f - c * e], [B, a * i - c * g, c * d - a * f], [C, b * g - a * h, a * e - b * d]].map((row) => row.map((v) => v / det));
}

// The function that is slope*x up to the knee and goes on from there as the curve does
function bent(knee, slope, curve) {
  const at = curve(knee);
  return (x) => (x > knee ? curve(x) + slope * knee - at : slope * x);
}

export const toLight = bent(0.04045, 1 / 12.92, (x) => ((x + 0.055) / 1.055) ** 2.4);
export const toGamma = bent(0.0031308, 12.92, (x) => 1.055 * x ** (1 / 2.4));
const root = bent(0.008856, 7.787, Math.cbrt);  // without the 16/116 that both its branches would add
const KNEE = 0.2068966, BELOW = KNEE ** 3 + 16 / 116 / 7.787;
const cube = (x) => (x > KNEE ? x * x * x + KNEE / 7.787 - BELOW : KNEE ** 3 + x / 7.787 - BELOW);

export const LIGHT = Float64Array.from({ length: 256 }, (_, i) => toLight(i / 255));  // of each byte
export const GRAY = Float32Array.from(LIGHT, (light) => 116 * root(light));  // L of each gray byte

export function lightnessOf(r, g, b) {  // of bytes
  return r === g && g === b ? GRAY[r] : 116 * root(XYZ[1][0] * LIGHT[r] + XYZ[1][1] * LIGHT[g] + XYZ[1][2] * LIGHT[b]);
}

export function labOf(r, g, b) {  // of sRGB in [0, 1]
  const light = [r, g, b].map(toLight);
  const [x, y, z] = XYZ.map((row) => root(row[0] * light[0] + row[1] * light[1] + row[2] * light[2]));
  return [116 * y, 500 * (x - y), 200 * (y - z)];
}

export function lightness(rgba) {
  const L = new Float32Array(rgba.length / 4);
  for (let i = 0, j = 0; i < L.length; i++, j += 4) L[i] = lightnessOf(rgba[j], rgba[j + 1], rgba[j + 2]);
  return L;
}

// Linear light to the nearest byte: a table of where each of 4096 bins begins, and one comparison
const EDGE = Float64Array.from({ length: 257 }, (_, i) => (i < 256 ? toLight((i - 0.5) / 255) : Infinity));
const BYTE = Uint8Array.from({ length: 4096 }, (_, i) => Math.round(255 * Math.min(1, toGamma(i / 4096))));

export function toByte(light) {
  if (!(light > 0)) return 0;
  if (light >= 1) return 255;
  const byte = BYTE[(light * 4096) | 0];
  return light >= EDGE[byte + 1] ? byte + 1 : light < EDGE[byte] ? byte - 1 : byte;
}

// ---- The gamut (in_gamut and fit_gamut)

const DARKEST = -2e-6, BRIGHTEST = 1 + 8e-5;

// Linear light of Lab into out[0..2]; whether sRGB can show it, with some room
function lightOf(L, a, b, out, room = 0, least = 0) {
  const fy = (L + 16) / 116, X = cube(fy + a / 500), Y = cube(fy), Z = cube(Math.max(least, fy - b / 200));
  let fits = true;
  for (let i = 0; i < 3; i++) {
    const v = (out[i] = RGB[i][0] * X + RGB[i][1] * Y + RGB[i][2] * Z);
    if (v < DARKEST + room || v > BRIGHTEST - room) fits = false;
  }
  return fits;
}

const scratch = new Float64Array(3);
export const inGamut = (L, a, b) => lightOf(L, a, b, scratch);

// The share of the chroma that sRGB can show at this lightness and hue, to 1 part in 256
function keptChroma(L, a, b) {
  let keep = 0;
  for (let step = 0.5; step >= 1 / 256; step /= 2) if (lightOf(L, (keep + step) * a, (keep + step) * b, scratch, 1e-6, -Infinity)) keep += step;
  return keep;
}

export function fitGamut(L, a, b) {
  if (inGamut(L, a, b)) return [a, b];
  const keep = keptChroma(L, a, b);
  return [keep * a, keep * b];
}

// The bytes of Lab, fitted to the gamut, into rgba at j
export function putLab(L, a, b, rgba, j) {
  if (!lightOf(L, a, b, scratch)) {
    const keep = keptChroma(L, a, b);
    lightOf(L, keep * a, keep * b, scratch);
  }
  for (let i = 0; i < 3; i++) rgba[j + i] = toByte(scratch[i]);
}

// ---- What the network sees (view_size, Picture.small)

function round(x) {  // half to even, as Python rounds
  const down = Math.floor(x);
  return x - down === 0.5 ? down + (down % 2) : Math.round(x);
}

export function viewSize(h, w, size, multiple) {
  const scale = size / Math.sqrt(h * w) / multiple, most = Math.floor((4 * size) / multiple);
  return [h, w].map((side) => Math.min(most, Math.max(1, round(side * scale))) * multiple);
}

// Pillow's bicubic filter (a = -0.5) for each output: where its inputs begin, and their weights in fixed point
const FIXED = 22;

function filters(nIn, end, nOut) {
  const scale = Math.fround(end) / nOut, wide = Math.max(1, scale), support = 2 * wide;
  return Array.from({ length: nOut }, (_, i) => {
    const center = (i + 0.5) * scale, first = Math.max(0, Math.trunc(center - support + 0.5)), last = Math.min(nIn, Math.trunc(center + support + 0.5));
    const weights = Float64Array.from({ length: last - first }, (_, k) => {
      const x = Math.abs((k + first - center + 0.5) / wide);
      return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
    });
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: Int32Array.from(weights, (v) => Math.trunc((v / sum) * 2 ** FIXED + (v < 0 ? -0.5 : 0.5))) };
  });
}

// Resize lines of RGB bytes: nOut of each `lines` lines, whose elements lie `step` apart and which lie `next` apart
function resample(data, nIn, end, nOut, lines, across) {
  const out = new Uint8ClampedArray(3 * nOut * lines), [step, next] = across ? [3, 3 * nIn] : [3 * lines, 3], [put, skip] = across ? [3, 3 * nOut] : [3 * lines, 3];
  filters(nIn, end, nOut).forEach(({ first, weights }, i) => {
    for (let line = 0; line < lines; line++) {
      let at = line * next + first * step, r = 1 << (FIXED - 1), g = r, b = r;
      for (let k = 0; k < weights.length; k++, at += step) {
        r += data[at] * weights[k];
        g += data[at + 1] * weights[k];
        b += data[at + 2] * weights[k];
      }
      const to = line * skip + i * put;
      out[to] = r >> FIXED;
      out[to + 1] = g >> FIXED;
      out[to + 2] = b >> FIXED;
    }
  });
  return out;
}

// Pillow's `reduce`: the mean of blocks of fx by fy pixels, in fixed point, as RGB bytes; and whether a pixel is not opaque
function reduced(read, w, h, fx, fy) {
  const W = Math.ceil(w / fx), H = Math.ceil(h / fy), out = new Uint8ClampedArray(3 * W * H), sums = new Uint32Array(3 * W);
  const rows = fy * Math.max(1, Math.floor(2 ** 18 / w / fy));
  let clear = false;
  for (let top = 0; top < h; top += rows) {
    const n = Math.min(rows, h - top), rgba = read(top, n);
    for (let i = 3; i < rgba.length && !clear; i += 4) clear = rgba[i] < 255;
    for (let y = 0; y < n; y += fy) {
      const high = Math.min(fy, n - y);
      sums.fill(0);
      for (let k = 0, j = 4 * w * y; k < high; k++)
        for (let X = 0, left = 0; X < 3 * W; X += 3, left += fx)
          for (let x = Math.min(w, left + fx) - left; x > 0; x--, j += 4) {
            sums[X] += rgba[j];
            sums[X + 1] += rgba[j + 1];
            sums[X + 2] += rgba[j + 2];
          }
      for (let X = 0, to = (3 * W * (top + y)) / fy; X < W; X++) {
        const area = high * Math.min(fx, w - X * fx), factor = Math.trunc(Math.fround(2 ** 32 / (256 * area))), half = area >> 1;
        for (let c = 0; c < 3; c++) out[to + 3 * X + c] = Math.floor(((sums[3 * X + c] + half) * factor) / 2 ** 24);
      }
    }
  }
  return { data: out, width: W, height: H, clear };
}

// L of a small copy; `read(y, n)` gives n rows of the picture as RGBA bytes
export function smallLightness(read, width, height, w, h) {
  const [fx, fy] = [Math.max(1, Math.trunc(width / w / 2)), Math.max(1, Math.trunc(height / h / 2))];
  let { data, width: W, height: H, clear } = reduced(read, width, height, fx, fy);
  if (W !== w || fx * w !== width) data = resample(data, W, width / fx, w, H, true);
  if (H !== h || fy * h !== height) data = resample(data, H, height / fy, h, w, false);
  const L = new Float32Array(w * h);
  for (let i = 0; i < L.length; i++) L[i] = lightnessOf(data[3 * i], data[3 * i + 1], data[3 * i + 2]);
  return { L, clear };
}

// ---- Enlarging along the edges of L (colorgan/coloring/upsample.py)

// The mean of each number and its neighbors in the plane
function boxMean(x, h, w) {
  for (const [n, step, lines, next] of [[h, w, w, 1], [w, 1, h, w]]) {
    const out = new Float64Array(x.length);
    for (let line = 0; line < lines; line++)
      for (let i = 0, at = line * next; i < n; i++, at += step) {
        let sum = x[at], count = 1;
        if (i) sum += x[at - step], count++;
        if (i < n - 1) sum += x[at + step], count++;
        out[at] = sum / count;
      }
    x = out;
  }
  return x;
}

// Bicubic weights (a = -0.75) of output i: four inputs and their weights
function taps(nIn, nOut, i, at, weights, k) {
  const x = ((i + 0.5) * nIn) / nOut - 0.5, down = Math.floor(x);
  for (let t = -1; t < 3; t++, k++) {
    const d = Math.abs(x - down - t);
    at[k] = Math.min(nIn - 1, Math.max(0, down + t));
    weights[k] = d <= 1 ? (1.25 * d - 2.25) * d * d + 1 : ((-0.75 * d + 3.75) * d - 6) * d + 3;
  }
}

// A line of what the planes of an `Upsampler` become: L -> slope*L + base, for each plane and pixel
export class Upsampler {
  constructor(planes, small, h, w, height, width, eps = 50) {
    Object.assign(this, { h, w, height, width, n: planes.length });
    const mean = boxMean(small, h, w), variance = boxMean(small.map((L) => L * L), h, w).map((v, i) => v - mean[i] ** 2 + eps);
    this.data = new Float64Array(2 * this.n * h * w);  // slope and base of each plane, pixel by pixel
    planes.forEach((plane, k) => {
      const meanPlane = boxMean(plane, h, w), product = boxMean(plane.map((v, i) => v * small[i]), h, w);
      const slope = boxMean(product.map((v, i) => (v - mean[i] * meanPlane[i]) / variance[i]), h, w);
      for (let i = 0; i < h * w; i++) {
        this.data[2 * (i * this.n + k)] = slope[i];
        this.data[2 * (i * this.n + k) + 1] = plane[i] - slope[i] * small[i];
      }
    });
    this.columns = new Int32Array(4 * width);
    this.weights = new Float64Array(4 * width);
    for (let x = 0; x < width; x++) taps(w, width, x, this.columns, this.weights, 4 * x);
    this.line = new Float64Array(2 * this.n * w);
  }

  // Row y of the enlarged planes, still as narrow as the small ones
  row(y) {
    const at = [], weights = [], { data, line } = this, n = line.length;
    taps(this.h, this.height, y, at, weights, 0);
    const [i, j, k, l] = at.map((v) => v * n), [p, q, r, s] = weights;
    for (let x = 0; x < n; x++) line[x] = p * data[i + x] + q * data[j + x] + r * data[k + x] + s * data[l + x];
    return line;
  }

  // The value of each plane at one pixel whose lightness is L
  at(x, y, L) {
    const line = this.row(y);
    return Array.from({ length: this.n }, (_, k) => {
      let slope = 0, base = 0;
      for (let t = 4 * x; t < 4 * x + 4; t++) {
        const at = 2 * (this.columns[t] * this.n + k);
        slope += this.weights[t] * line[at];
        base += this.weights[t] * line[at + 1];
      }
      return slope * L + base;
    });
  }
}

// Color rows of a picture in place, from row `top` on: L stays, the colors come from an `Upsampler` of a and b
export function paintRows(rgba, top, colors) {
  const { width, columns, weights } = colors, rows = rgba.length / 4 / width;
  for (let y = 0, j = 0; y < rows; y++) {
    const line = colors.row(top + y);
    for (let x = 0, t = 0; x < width; x++, j += 4, t += 4) {
      let slopeA = 0, baseA = 0, slopeB = 0, baseB = 0;
      for (let k = t; k < t + 4; k++) {
        const at = 4 * columns[k], weight = weights[k];
        slopeA += weight * line[at];
        baseA += weight * line[at + 1];
        slopeB += weight * line[at + 2];
        baseB += weight * line[at + 3];
      }
      const L = lightnessOf(rgba[j], rgba[j + 1], rgba[j + 2]);
      putLab(L, slopeA * L + baseA, slopeB * L + baseB, rgba, j);
    }
  }
}

// ---- Hints (colorgan/coloring/hints.py)

// How much each pixel belongs to a point, by geodesic distance over L: 1 at the point, 0 beyond its reach
export function reach(L, h, w, column, row, edge = 15, far = 1.5) {
  const distance = new Float64Array(h * w).fill(Infinity), unit = 1 / (far * Math.sqrt(h * w)), heap = new Heap();
  distance[row * w + column] = 0;
  heap.push(0, row * w + column);
  while (heap.size) {
    const [d, at] = heap.pop(), x = at % w, y = (at - x) / w;
    if (d > distance[at]) continue;
    for (let dy = -1; dy < 2; dy++)
      for (let dx = -1; dx < 2; dx++) {
        const i = x + dx, j = y + dy;
        if ((!dx && !dy) || i < 0 || j < 0 || i >= w || j >= h) continue;
        const to = j * w + i, next = d + unit * (dx && dy ? Math.SQRT2 : 1) + ((L[at] - L[to]) / edge) ** 2;
        if (next > 1 || next >= distance[to]) continue;
        distance[to] = next;
        heap.push(next, to);
      }
  }
  return Float32Array.from(distance, (d) => (1 - Math.min(d, 1) ** 2) ** 2);
}

class Heap {  // of [distance, pixel], the smallest first
  constructor() { this.items = []; }
  get size() { return this.items.length; }
  push(d, at) {
    const { items } = this, item = [d, at];
    let i = items.length;
    while (i && items[(i - 1) >> 1][0] > d) { items[i] = items[(i - 1) >> 1]; i = (i - 1) >> 1; }
    items[i] = item;
  }
  pop() {
    const { items } = this, first = items[0], last = items.pop();
    for (let i = 0, k; items.length; i = k) {
      k = 2 * i + 1;
      if (k + 1 < items.length && items[k + 1][0] < items[k][0]) k++;
      if (k >= items.length || items[k][0] >= last[0]) { items[i] = last; break; }
      items[i] = items[k];
    }
    return first;
  }
}

// Column and row of the small pixel near a hint that is most like its lightness
function nearest(small, h, w, x, y, L) {
  const cx = Math.min(w - 1, Math.floor(x * w)), cy = Math.min(h - 1, Math.floor(y * h));
  let best;
  for (let i = Math.max(0, cx - 1); i < Math.min(w, cx + 2); i++)
    for (let j = Math.max(0, cy - 1); j < Math.min(h, cy + 2); j++) {
      const rank = [Math.abs(small[j * w + i] - L), Math.hypot(i - cx, j - cy), i, j];
      const k = best ? rank.findIndex((v, n) => v !== best[n]) : 0;
      if (!best || (k >= 0 && rank[k] < best[k])) best = rank;
    }
  return best.slice(2);
}

function solve(A, B) {  // A x = B by elimination, for several columns of B
  const n = A.length, rows = A.map((row, i) => [...row, ...B[i]]);
  for (let k = 0; k < n; k++) {
    const best = rows.reduce((m, row, i) => (i > k && Math.abs(row[k]) > Math.abs(rows[m][k]) ? i : m), k);
    [rows[k], rows[best]] = [rows[best], rows[k]];
    rows.forEach((row, i) => {
      if (i === k) return;
      const factor = row[k] / rows[k][k];
      for (let j = k; j < row.length; j++) row[j] -= factor * rows[k][j];
    });
  }
  return rows.map((row, i) => row.slice(n).map((v) => v / row[i]));
}

// a and b with the hints' colors where they reach; hints are {x, y, a, b, L} in pixels of the picture, L its lightness there
export function spreadHints(ab, small, h, w, hints, width, height) {
  const near = hints.map((o) => reach(small, h, w, ...nearest(small, h, w, (o.x + 0.5) / width, (o.y + 0.5) / height, o.L)));
  const share = near.map((plane) => plane.map((v) => v / (1 + 1e-4 - v))), total = new Float64Array(h * w);
  for (const plane of share) plane.forEach((v, i) => (total[i] += v));
  for (const plane of share) for (let i = 0; i < h * w; i++) plane[i] /= 1 + total[i];
  const rest = ab.map((plane) => plane.map((v, i) => v * (1 - total[i] / (1 + total[i]))));
  const shares = new Upsampler(share, small, h, w, height, width), others = new Upsampler(rest, small, h, w, height, width);
  const A = hints.map((o) => shares.at(o.x, o.y, o.L)), found = hints.map((o) => others.at(o.x, o.y, o.L)), wanted = hints.map((o) => [o.a, o.b]);
  const missed = wanted.map((ab, p) => ab.map((v, c) => v - found[p][c] - A[p].reduce((sum, share, i) => sum + share * wanted[i][c], 0)));
  const square = hints.map((_, i) => hints.map((_, j) => A.reduce((sum, row) => sum + row[i] * row[j], i === j ? 1e-3 : 0)));
  const more = solve(square, hints.map((_, i) => [0, 1].map((c) => A.reduce((sum, row, p) => sum + row[i] * missed[p][c], 0))));
  const given = wanted.map((ab, i) => ab.map((v, c) => v + Math.min(30, Math.max(-30, more[i][c]))));
  return rest.map((plane, c) => plane.map((v, i) => share.reduce((sum, of, k) => sum + of[i] * given[k][c], v)));
}

// The largest of |a| and |b| that sRGB can show at L: where its plane cuts the 12 edges of the cube of linear light
function widest(L) {
  const Y = cube((L + 16) / 116), weights = XYZ[1];
  let most = 0;
  for (let i = 0; i < 3; i++)
    for (const [u, v] of [[0, 0], [0, 1], [1, 0], [1, 1]]) {
      const light = [0, 0, 0], [j, k] = [0, 1, 2].filter((c) => c !== i);
      light[j] = u;
      light[k] = v;
      light[i] = (Y - u * weights[j] - v * weights[k]) / weights[i];
      if (light[i] < -1e-4 || light[i] > 1 + 1e-4) continue;
      const [, a, b] = labOf(...light.map((o) => toGamma(Math.min(1, Math.max(0, o)))));
      most = Math.max(most, Math.abs(a), Math.abs(b));
    }
  return most;
}

// The colors that sRGB can show at L, as a square of n*n RGBA pixels: a to the right, b upward; and half its width in CIE units
export function possibleColors(L, n) {
  const half = Math.max(2, widest(L) + 1), rgba = new Uint8ClampedArray(4 * n * n), at = (i) => ((i + 0.5) * 2 * half) / n - half;
  for (let y = 0, j = 0; y < n; y++)
    for (let x = 0; x < n; x++, j += 4) {
      const a = at(x), b = -at(y);
      putLab(L, a, b, rgba, j);
      rgba[j + 3] = inGamut(L, a, b) || Math.max(Math.abs(a), Math.abs(b)) < 1e-3 ? 255 : 0;
    }
  return { rgba, half };
}
