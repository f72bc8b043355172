// Which color has this point: a field of the colors that are possible at its lightness, swatches of them, and any color of sRGB.
import { putLab } from "./lab.js";
import { arrows, between, css, make } from "./dom.js";

const N = 161;
const HUES = { red: 35, orange: 62, yellow: 92, green: 140, teal: 195, blue: 275, purple: 315, pink: 355 };  // angles in the plane of a and b
const recent = [];

// The color of a and b at lightness L, as CSS
export function shown(L, a, b) {
  const rgba = new Uint8ClampedArray(4);
  putLab(L, a, b, rgba, 0);
  return css(rgba);
}

export class Picker {
  // `point` is {x, y, L, a, b, rgba, half, given}; `give(a, b, css)`, `remove()` and `close()` do what their names say
  constructor(point, { give, remove, close, toLab }) {
    Object.assign(this, { point, give, at: [0, 0] });
    this.canvas = make("canvas", { className: "plane", width: N, height: N, tabIndex: 0, role: "application",
      ariaLabel: "The colors that this point can have. Arrow keys move, Enter chooses." });
    this.cross = make("div", { className: "cross" });
    this.read = make("span", { className: "read" });
    this.any = make("input", { type: "color", ariaLabel: "Any color; its lightness does not count", value: "#7a5195",
      onchange: async () => { const [, a, b] = await toLab(this.any.value.match(/\w\w/g).map((v) => parseInt(v, 16))); this.choose(...this.nearest(this.pixel(a, b))); } });
    const swatches = make("div", { className: "swatches", role: "group", ariaLabel: "Colors that are possible here" },
      this.swatch(0, 0, "gray"), ...this.ofHues(0.4), this.swatch(point.a, point.b, "as it is now"), ...this.ofHues(0.85), ...recent.map((o) => this.swatch(o.a, o.b, "used before")));
    this.remove = make("button", { type: "button", hidden: !point.given, onclick: remove }, "Remove");
    const edges = [["n", "yellow"], ["s", "blue"], ["w", "green"], ["e", "red"]].map(([side, name]) => make("i", { className: side }, name));
    this.root = make("div", { className: "picker", role: "dialog", ariaLabel: "A color for this point" },
      make("div", { className: "head" }, make("strong", {}, "A color here"), make("span", {}, `lightness ${point.L.toFixed(0)}`)),
      make("div", { className: "square" }, this.canvas, this.cross, ...edges), swatches,
      make("div", { className: "row any" }, make("label", {}, this.any, "any color"), this.read),
      make("div", { className: "row end" }, this.remove, make("button", { type: "button", className: "main", onclick: close }, "Done")));
    this.draw();
    this.listen();
  }

  draw() {
    this.canvas.getContext("2d").putImageData(new ImageData(this.point.rgba, N, N), 0, 0);
    this.at = this.nearest(this.pixel(this.point.a, this.point.b));
    this.mark(this.at);
  }

  listen() {
    const { canvas } = this;
    const under = (e) => { const box = canvas.getBoundingClientRect(); return this.nearest([(e.clientX - box.left) / box.width, (e.clientY - box.top) / box.height].map((v) => Math.floor(v * N))); };
    canvas.onpointerdown = (e) => { e.preventDefault(); canvas.focus({ preventScroll: true }); canvas.setPointerCapture(e.pointerId); this.mark(under(e)); };
    canvas.onpointermove = (e) => this.mark(under(e));
    canvas.onpointerup = (e) => this.choose(...under(e));
    canvas.onpointerleave = () => this.mark(this.at);
    canvas.onkeydown = (e) => {
      const step = arrows[e.key], far = e.shiftKey ? 10 : 2;
      if (step) this.mark((this.at = this.nearest(this.at.map((v, k) => v + far * step[k]))));
      else if (e.key === "Enter" || e.key === " ") this.choose(...this.at);
      else return;
      e.preventDefault();
      e.stopPropagation();
    };
  }

  // Pixels of the field, and the colors they stand for
  pixel(a, b) { const { half } = this.point; return [((a + half) * N) / 2 / half, ((half - b) * N) / 2 / half].map(Math.floor); }
  color([i, j]) { const { half } = this.point; return [((i + 0.5) * 2 * half) / N - half, half - ((j + 0.5) * 2 * half) / N]; }

  nearest([i, j]) {  // the possible pixel that is nearest
    let best = [(N - 1) / 2, (N - 1) / 2], least = Infinity;
    for (let y = 0; y < N; y++)
      for (let x = 0; x < N; x++) {
        const d = (x - i) ** 2 + (y - j) ** 2;
        if (d < least && this.point.rgba[4 * (y * N + x) + 3]) { best = [x, y]; least = d; }
      }
    return best;
  }

  mark(at) {
    const [a, b] = this.color(at);
    Object.assign(this.cross.style, { left: `${(100 * (at[0] + 0.5)) / N}%`, top: `${(100 * (at[1] + 0.5)) / N}%`, background: shown(this.point.L, a, b) });
    this.read.textContent = `a ${a.toFixed(0)}, b ${b.toFixed(0)}`;
  }

  choose(i, j) { this.mark((this.at = [i, j])); this.tell(...this.color([i, j])); }

  tell(a, b) {
    const color = shown(this.point.L, a, b);
    recent.splice(0, recent.length, { a, b, color }, ...recent.filter((o) => o.color !== color).slice(0, 3));
    this.remove.hidden = false;
    this.give(a, b, color);
  }

  swatch(a, b, name) {
    const button = make("button", { type: "button", className: "swatch", title: name, ariaLabel: name, onclick: () => { this.mark((this.at = this.nearest(this.pixel(a, b)))); this.tell(a, b); } });
    button.style.background = shown(this.point.L, a, b);
    return button;
  }

  // Of each hue a soft and a strong color that are possible at this lightness
  ofHues(share) {
    const { half, rgba } = this.point, there = (x, y) => x >= 0 && y >= 0 && x < N && y < N && rgba[4 * (y * N + x) + 3];
    return Object.entries(HUES).map(([name, degrees]) => {
      const at = (r) => [r * Math.cos((degrees * Math.PI) / 180), r * Math.sin((degrees * Math.PI) / 180)];
      let r = 1.4 * half;
      while (r > 1 && !there(...this.pixel(...at(r)))) r -= 1;
      return this.swatch(...at(share * r), `${share < 0.5 ? "soft" : "strong"} ${name}`);
    });
  }

  // Beside the point where there is room; a narrow screen has it below
  settle(pair, u, v) {
    pair.after(this.root);
    const box = pair.getBoundingClientRect(), room = document.documentElement.clientWidth;
    if (room >= 700) {
      const x = pair.offsetLeft + u * pair.clientWidth, right = box.left + u * box.width + 24 + this.root.offsetWidth < room - 8;
      this.root.style.left = `${right ? x + 24 : Math.max(8 - box.left + pair.offsetLeft, x - 24 - this.root.offsetWidth)}px`;
      this.root.style.top = `${pair.offsetTop + between(v * pair.clientHeight - this.root.offsetHeight / 2, 0, Math.max(0, pair.clientHeight - this.root.offsetHeight))}px`;
    }
    this.canvas.focus({ preventScroll: true });
  }
}
