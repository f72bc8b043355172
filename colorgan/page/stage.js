// Two pictures, one over the other, with a slider between them; a point of the picture can be asked for by mouse, key or touch.
import { arrows, between, make } from "./dom.js";

export class Stage {
  constructor(root, { onPoint, onMark }) {
    Object.assign(this, { root, onPoint, onMark, split: 50, cursor: [0.5, 0.5], width: 1, height: 1 });
    this.before = make("img", { className: "before", alt: "As it was", draggable: false });
    this.after = make("canvas", { className: "after", role: "img", ariaLabel: "In color" });
    this.after.getContext("bitmaprenderer");
    this.marks = make("div", { className: "marks" });
    this.aim = make("div", { className: "aim", ariaHidden: "true" });
    this.handle = make("div", { className: "handle", role: "slider", tabIndex: 0, ariaLabel: "How much is shown as it was, in percent", ariaValueMin: "0", ariaValueMax: "100" });
    this.handle.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M9 6l-6 6 6 6M15 6l6 6-6 6"/></svg>`;
    this.tags = [make("span", { className: "tag left" }, "before"), make("span", { className: "tag right" }, "after")];
    this.busy = make("div", { className: "busy", role: "status" });
    this.pair = make("div", { className: "pair", tabIndex: 0, role: "group", ariaLabel: "The photograph. Arrow keys move a cross; Enter gives that point a color." },
      this.after, this.before, ...this.tags, this.aim, this.marks, this.handle, this.busy);
    root.append(this.pair);
    this.listen();
    this.slide(50);
  }

  listen() {
    const { handle, pair } = this;
    handle.onpointerdown = (e) => { e.preventDefault(); handle.setPointerCapture(e.pointerId); handle.focus({ preventScroll: true }); };
    handle.onpointermove = (e) => { if (handle.hasPointerCapture(e.pointerId)) this.slide(100 * this.place(e)[0]); };
    handle.onclick = (e) => e.stopPropagation();
    handle.onkeydown = (e) => {
      const to = { Home: 0, End: 100 }[e.key] ?? (arrows[e.key] && this.split + 2 * (arrows[e.key][0] - arrows[e.key][1]));
      if (to === undefined) return;
      e.preventDefault();
      e.stopPropagation();
      this.slide(to);
    };
    pair.onclick = (e) => this.point(this.place(e));
    pair.onkeydown = (e) => {
      if (e.target !== pair) return;
      const step = arrows[e.key], far = e.shiftKey ? 0.1 : 0.01;
      if (step) this.aimAt(this.cursor.map((v, k) => between(v + far * step[k], 0, 1)));
      else if (e.key === "Enter" || e.key === " ") this.point(this.cursor);
      else return;
      e.preventDefault();
    };
  }

  place(e) {  // shares of the width and the height
    const box = this.pair.getBoundingClientRect();
    return [between((e.clientX - box.left) / box.width, 0, 1), between((e.clientY - box.top) / box.height, 0, 1)];
  }

  slide(to) {
    this.split = between(to, 0, 100);
    this.pair.style.setProperty("--split", `${this.split}%`);
    this.handle.ariaValueNow = String(Math.round(this.split));
    const room = 9000 / (this.pair.clientWidth || 900);
    this.tags[0].style.opacity = this.split > room ? 1 : 0;
    this.tags[1].style.opacity = this.split < 100 - room ? 1 : 0;
  }

  aimAt([u, v]) {
    this.cursor = [u, v];
    this.aim.style.left = `${100 * u}%`;
    this.aim.style.top = `${100 * v}%`;
  }

  point([u, v]) {
    this.aimAt([u, v]);
    this.onPoint(Math.min(this.width - 1, Math.floor(u * this.width)), Math.min(this.height - 1, Math.floor(v * this.height)));
  }

  open(url, width, height) {
    Object.assign(this, { width, height });
    this.before.src = url;
    this.pair.style.setProperty("--aspect", `${width} / ${height}`);
    this.pair.style.setProperty("--wide", `calc(var(--tall) * ${width / height})`);
    this.pair.classList.add("empty");
    this.showMarks([]);
  }

  show(bitmap) {
    Object.assign(this.after, { width: bitmap.width, height: bitmap.height });
    this.after.getContext("bitmaprenderer").transferFromImageBitmap(bitmap);
    this.pair.classList.remove("empty");
    this.slide(this.split);
  }

  work(text) {
    this.busy.textContent = text;
    this.pair.classList.toggle("working", !!text);
  }

  showMarks(hints) {
    this.marks.replaceChildren(...hints.map((o, i) => {
      const mark = make("button", { type: "button", className: "mark", title: "Your color", ariaLabel: `Your color number ${i + 1}, at ${o.x}, ${o.y}`,
        onclick: (e) => { e.stopPropagation(); this.onMark(o.x, o.y); } });
      Object.assign(mark.style, { left: `${(100 * (o.x + 0.5)) / this.width}%`, top: `${(100 * (o.y + 0.5)) / this.height}%`, background: o.css });
      return mark;
    }));
  }
}
