// What ipywidgets lacks: a drop zone, two pictures under a slider, and a click or a stroke on a picture that asks for a color.
// To Python: {kind: "part", id, name, i, of, first, reference} with a piece of a file, "lost" {name}, "show" {i}, "remove" {i}, "undo",
//   "point" {view, x, y}, "hint" {points, a, b} or {view, points, color}, "unhint" {points}, "variant" {i}, "unrefer" {i}.
// From Python: "colors" {view, x, y, n, half, L, now, there} with RGBA, "named" {view, a, b} or {view, why} for a color as text,
//   and "part" with a piece of a file to be saved.
const PIECE = 2 ** 20, MOST = 24;  // bytes in a message; points of a stroke

function make(tag, attributes = {}, ...children) {
  const el = document.createElement(tag);
  for (const [k, v] of Object.entries(attributes)) k in el && k !== "style" ? (el[k] = v) : el.setAttribute(k, v);
  el.append(...children);
  return el;
}

const between = (x, lo, hi) => Math.min(hi, Math.max(lo, x));
const unique = () => Math.random().toString(36).slice(2);

// A file to Python, in pieces that fit into a message
async function upload(model, file, first, reference) {
  const id = unique(), of = Math.max(1, Math.ceil(file.size / PIECE));
  for (let i = 0; i < of; i++) {
    const piece = await file.slice(i * PIECE, (i + 1) * PIECE).arrayBuffer();
    model.send({ kind: "part", id, name: file.name, i, of, first: first && !i, reference }, undefined, [piece]);
  }
}

// Once for each widget, however often it is shown: files from Python become downloads
function initialize({ model }) {
  const saving = {};
  const hear = (msg, buffers) => {
    if (msg.kind !== "part") return;
    const parts = (saving[msg.id] ??= []);
    parts[msg.i] = buffers[0];
    if (parts.filter(Boolean).length < msg.of) return;
    delete saving[msg.id];
    const link = make("a", { href: URL.createObjectURL(new Blob(parts, { type: msg.type })), download: msg.name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  };
  model.on("msg:custom", hear);
  return () => model.off("msg:custom", hear);
}

function render({ model, el }) {
  const me = unique(), urls = {}, recent = [];
  let split = 50, cursor = [0.5, 0.5], picker = null, thumbs = [], looks = [], path = null, drawn = null;
  const size = () => [model.get("width"), model.get("height")];

  const input = make("input", { type: "file", multiple: true, accept: "image/*,.json", hidden: true, ariaLabel: "Photographs" });
  const picked = make("input", { type: "file", accept: "image/*", hidden: true, ariaLabel: "Reference" });
  const choose = () => input.click();
  const zone = make("button", { type: "button", className: "cg-zone", onclick: choose });
  zone.innerHTML = `<svg viewBox="0 0 48 40" aria-hidden="true"><rect x="7" y="3" width="38" height="28" rx="4"/><rect x="3" y="9" width="38" height="28" rx="4"/>
    <circle cx="13" cy="18" r="3.2"/><path d="M5 33l11-10 7 6 8-9 9 9"/></svg><strong>Drop photographs here</strong><span>or choose them</span>`;
  const after = make("img", { className: "cg-after", alt: "In color", draggable: false });
  const before = make("img", { className: "cg-before", alt: "Before", draggable: false });
  const marks = make("div", { className: "cg-marks" });
  const line = make("div", { className: "cg-line", ariaHidden: "true" });
  line.innerHTML = `<svg viewBox="0 0 1 1" preserveAspectRatio="none"><polyline/><polyline/></svg>`;
  const aim = make("div", { className: "cg-aim", ariaHidden: "true" });
  const handle = make("div", { className: "cg-handle", role: "slider", tabIndex: 0, ariaLabel: "How much is shown as it was, in percent",
    ariaValueMin: "0", ariaValueMax: "100" });
  handle.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M9 6l-6 6 6 6M15 6l6 6-6 6"/></svg>`;
  const tags = [make("span", { className: "cg-tag cg-left" }, "before"), make("span", { className: "cg-tag cg-right" }, "after")];
  const pair = make("div", { className: "cg-pair", tabIndex: 0, role: "group",
    ariaLabel: "The photograph. Arrow keys move a cross; Enter gives that point a color." }, after, before, ...tags, line, aim, marks, handle);
  const note = make("p", { className: "cg-note", ariaLive: "polite" });
  const stroke = make("button", { type: "button", className: "cg-quiet", title: "One color along a line that you draw", ariaPressed: "false",
    onclick: () => strokes(stroke.ariaPressed !== "true") }, "Stroke");
  const refer = make("button", { type: "button", className: "cg-quiet cg-refer", title: "A color picture of the same things: drop it here, or choose it",
    onclick: () => picked.click() }, "Reference");
  const names = make("span", { className: "cg-names", role: "group", ariaLabel: "Your references" });
  const tools = make("div", { className: "cg-row cg-tools" }, stroke, refer, names);
  const others = make("div", { className: "cg-strip cg-others", role: "group", ariaLabel: "Other answers" });
  const strip = make("div", { className: "cg-strip", role: "group", ariaLabel: "Your photographs" });
  const busy = make("div", { className: "cg-busy", role: "status" });
  const stage = make("div", { className: "cg-stage", "data-lm-suppress-shortcuts": "true" }, zone, pair, others, note, tools, strip, busy, input, picked);
  el.classList.add("cg-root");
  el.append(stage);

  // Files: chosen, or dropped anywhere on the stage
  async function bring(files, reference = false) {
    for (const [n, file] of files.entries()) {
      say(`receiving ${file.name}\u2026`);
      try { await upload(model, file, !n, reference); } catch { model.send({ kind: "lost", name: file.name }); }
    }
    say(model.get("busy"));
  }
  function say(text) {
    busy.textContent = text;
    stage.classList.toggle("cg-working", !!text);
  }
  input.onchange = () => { const files = [...input.files]; input.value = ""; bring(files); };
  picked.onchange = () => { const files = [...picked.files]; picked.value = ""; bring(files, true); };
  stage.ondragover = (e) => {
    e.preventDefault();
    const refers = refer.contains(e.target);
    refer.classList.toggle("cg-over", refers);
    stage.classList.toggle("cg-over", !refers);
  };
  stage.ondragleave = (e) => { if (!stage.contains(e.relatedTarget)) for (const o of [stage, refer]) o.classList.remove("cg-over"); };
  stage.ondrop = (e) => {
    e.preventDefault();
    e.stopPropagation();
    for (const o of [stage, refer]) o.classList.remove("cg-over");
    bring([...e.dataTransfer.files], refer.contains(e.target));
  };
  stage.onkeydown = (e) => {
    e.stopPropagation();  // the notebook has shortcuts of its own
    if (e.key === "z" && (e.ctrlKey || e.metaKey)) { e.preventDefault(); close(); model.send({ kind: "undo" }); }
    if (e.key === "Escape" && (picker || path)) { draw((path = null)); close(); pair.focus({ preventScroll: true }); }
  };

  // The slider
  function slide(to) {
    split = between(to, 0, 100);
    pair.style.setProperty("--split", `${split}%`);
    handle.ariaValueNow = String(Math.round(split));
    const room = (100 * 90) / (pair.clientWidth || 900);
    tags[0].style.opacity = split > room ? 1 : 0;
    tags[1].style.opacity = split < 100 - room ? 1 : 0;
  }
  function place(e, box = pair.getBoundingClientRect()) {
    return [between((e.clientX - box.left) / box.width, 0, 1), between((e.clientY - box.top) / box.height, 0, 1)];
  }
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  handle.onpointerdown = (e) => { e.preventDefault(); handle.setPointerCapture(e.pointerId); handle.focus({ preventScroll: true }); };
  handle.onpointermove = (e) => { if (handle.hasPointerCapture(e.pointerId)) slide(100 * place(e)[0]); };
  handle.onclick = (e) => e.stopPropagation();
  handle.onkeydown = (e) => {
    const to = { Home: 0, End: 100 }[e.key] ?? (arrows[e.key] && split + 2 * (arrows[e.key][0] - arrows[e.key][1]));
    if (to === undefined) return;
    e.preventDefault();
    e.stopPropagation();
    slide(to);
  };

  // A point of the picture, by click, tap or key
  function ask(x, y, points = [[x, y]]) {
    const [w, h] = size();
    cursor = [(x + 0.5) / w, (y + 0.5) / h];
    close();
    drawn = points;
    model.send({ kind: "point", view: me, x, y });
  }
  const pixel = ([u, v]) => [u, v].map((t, k) => Math.min(size()[k] - 1, Math.floor(t * size()[k])));
  function askAt(where) { ask(...pixel(where)); }
  function showAim() {
    aim.style.left = `${100 * cursor[0]}%`;
    aim.style.top = `${100 * cursor[1]}%`;
  }
  pair.onclick = (e) => { if (stroke.ariaPressed !== "true") { askAt(place(e)); showAim(); } };
  pair.onkeydown = (e) => {
    if (e.target !== pair) return;
    const step = arrows[e.key], far = e.shiftKey ? 0.1 : 0.01;
    if (step) cursor = [between(cursor[0] + far * step[0], 0, 1), between(cursor[1] + far * step[1], 0, 1)];
    else if (e.key === "Enter" || e.key === " ") {
      if (stroke.ariaPressed !== "true") askAt(cursor);
      else if (path) endStroke();
      else draw((path = [cursor]));
    } else return;
    e.preventDefault();
    if (step && path) draw(path.push(cursor) && path);
    showAim();
  };

  // A stroke: one color for points along a line
  function strokes(on) {
    stroke.ariaPressed = String(on);
    pair.classList.toggle("cg-strokes", on);
    draw((path = null));
    showNote();
  }
  function showNote() {
    note.textContent = stroke.ariaPressed === "true" ? "Draw a line over what has one color. By key: Enter, arrow keys, Enter."
      : model.get("note") + (model.get("worth").length ? " A color is worth most at the question mark." : "") || "Click or tap the photograph to give a point a color of your own.";
  }
  function draw(points) {
    for (const o of line.querySelectorAll("polyline")) o.setAttribute("points", (points || []).map((p) => p.join(",")).join(" "));
  }
  function endStroke() {
    const far = [0], [w, h] = size(), at = path;
    for (let i = 1; i < at.length; i++) far.push(far[i - 1] + Math.hypot((at[i][0] - at[i - 1][0]) * w, (at[i][1] - at[i - 1][1]) * h));
    const whole = far.at(-1), n = between(Math.round((whole / Math.max(w, h)) * 48) + 1, 1, MOST), points = {};
    for (let k = 0; k < n; k++) {
      const d = n > 1 ? (whole * k) / (n - 1) : 0, j = Math.max(1, far.findIndex((f) => f >= d - 1e-9)), part = far[j] > far[j - 1] ? (d - far[j - 1]) / (far[j] - far[j - 1]) : 0;
      const p = pixel(at[j] ? at[j].map((v, i) => at[j - 1][i] + part * (v - at[j - 1][i])) : at[0]);
      points[p] = p;
    }
    path = null;
    const all = Object.values(points);
    ask(...all[Math.floor(all.length / 2)], all);
    draw(at);
  }
  pair.onpointerdown = (e) => {
    if (stroke.ariaPressed !== "true" || e.button || e.target.closest("button, .cg-handle")) return;
    e.preventDefault();
    pair.setPointerCapture(e.pointerId);
    pair.focus({ preventScroll: true });
    draw((path = [place(e)]));
  };
  pair.onpointermove = (e) => { if (path && pair.hasPointerCapture(e.pointerId)) draw(path.push(place(e)) && path); };
  pair.onpointerup = (e) => { if (path && pair.hasPointerCapture(e.pointerId)) endStroke(); };
  pair.onpointercancel = () => draw((path = null));

  // The colors that can be chosen there: each choice is tried at once, and replaces the one before
  function close() {
    picker?.remove();
    picker = null;
    draw(path);
    aim.classList.remove("cg-asked");
  }
  function pick({ x, y, n, half, L, now, there }, rgba) {
    close();
    const points = drawn ?? [[x, y]];
    if (points.length > 1) draw(points.map(([i, j]) => [(i + 0.5) / size()[0], (j + 0.5) / size()[1]]));
    const pixels = new Uint8ClampedArray(rgba.buffer.slice(rgba.byteOffset, rgba.byteOffset + 4 * n * n)), mid = (n - 1) / 2;
    const inside = (i, j) => pixels[4 * (j * n + i) + 3] > 0, cells = [...Array(n * n).keys()].filter((k) => inside(k % n, Math.floor(k / n)));
    const [is, js] = [cells.map((k) => k % n), cells.map((k) => Math.floor(k / n))].map((v) => [Math.min(...v), Math.max(...v)]);
    const side = Math.max(is[1] - is[0], js[1] - js[0]) + 3, [left, top] = [is, js].map(([lo, hi]) => Math.round((lo + hi + 1 - side) / 2));
    const canvas = make("canvas", { width: side, height: side, className: "cg-plane", tabIndex: 0, role: "img",
      ariaLabel: "The colors possible at this lightness. Arrow keys move, Enter chooses." });
    canvas.getContext("2d").putImageData(new ImageData(pixels, n), -left, -top);
    const cross = make("span", { className: "cg-cross" }), shown = make("span", { className: "cg-shown" }), read = make("output", { className: "cg-read" });
    let at = [mid + (now.a / half) * n / 2, mid - (now.b / half) * n / 2].map((v) => between(Math.round(v), 0, n - 1));
    function nearest(i, j) {  // or the nearest toward gray that there is
      for (let k = 0; k <= 60 && !inside(i, j); k++) [i, j] = [i, j].map((v) => Math.round(v + ((mid - v) * k) / 60));
      return [i, j];
    }
    const color = ([i, j]) => ({ a: ((2 * i + 1) / n - 1) * half, b: (1 - (2 * j + 1) / n) * half,
      css: `rgb(${[...pixels.slice(4 * (j * n + i), 4 * (j * n + i) + 3)].join(", ")})` });
    function show(where) {
      const { a, b, css } = color(where);
      cross.style.left = `${(100 * (where[0] + 0.5 - left)) / side}%`;
      cross.style.top = `${(100 * (where[1] + 0.5 - top)) / side}%`;
      cross.style.background = shown.style.background = css;
      read.textContent = `a ${a.toFixed(0)}, b ${b.toFixed(0)}`;
    }
    function give(a, b, css) {
      recent.splice(0, recent.length, { a, b, css }, ...recent.filter((r) => r.css !== css).slice(0, 5));
      remove.hidden = false;
      wrong.textContent = "";
      model.send({ kind: "hint", points, a, b });
    }
    function choose(where) {
      const { a, b, css } = color((at = where));
      show(at);
      give(a, b, css);
    }
    const under = (e) => nearest(...place(e, canvas.getBoundingClientRect()).map((v, k) => between([left, top][k] + Math.floor(v * side), 0, n - 1)));
    canvas.onpointerdown = (e) => { e.preventDefault(); canvas.focus({ preventScroll: true }); canvas.setPointerCapture(e.pointerId); show(under(e)); };
    canvas.onpointermove = (e) => show(under(e));
    canvas.onpointerup = (e) => choose(under(e));
    canvas.onpointerleave = () => show(at);
    canvas.onkeydown = (e) => {
      const step = arrows[e.key], far = e.shiftKey ? 10 : 2;
      if (step) show((at = nearest(...at.map((v, k) => between(v + far * step[k], 0, n - 1)))));
      else if (e.key === "Enter" || e.key === " ") choose(at);
      else return;
      e.preventDefault();
    };
    const swatch = (css, title, a, b) => make("button", { type: "button", className: "cg-swatch", title, ariaLabel: title, style: `background:${css}`,
      onclick: () => give(a, b, css) });
    const remove = make("button", { type: "button", className: "cg-quiet", hidden: !there,
      onclick: () => { close(); model.send({ kind: "unhint", points }); pair.focus({ preventScroll: true }); } }, "Remove");
    const done = make("button", { type: "button", className: "cg-done", onclick: () => { close(); pair.focus({ preventScroll: true }); } }, "Done");
    const text = make("input", { type: "text", className: "cg-text", placeholder: "navy, #1f3a93", ariaLabel: "A color by name or hexadecimal value",
      autocomplete: "off", spellcheck: false, onkeydown: (e) => { if (e.key === "Enter" && text.value.trim()) { e.preventDefault(); send(); } } });
    const send = () => { if (text.value.trim()) model.send({ kind: "hint", view: me, points, color: text.value.trim() }); };
    const wrong = make("div", { className: "cg-wrong", role: "alert" });
    const named = ({ a, b, why }) => {
      text.ariaInvalid = String(!!why);
      wrong.textContent = why ?? "";
      if (why) return;
      const wanted = [mid + (a / half) * n / 2, mid - (b / half) * n / 2];
      show((at = nearest(...wanted.map((v) => between(Math.round(v), 0, n - 1)))));
      if (Math.hypot(at[0] - wanted[0], at[1] - wanted[1]) > 2) wrong.textContent = "Too strong for this lightness. The nearest color is taken.";
      const { css } = color(at);
      recent.splice(0, recent.length, { a, b, css }, ...recent.filter((r) => r.css !== css).slice(0, 5));
      remove.hidden = false;
    };
    const title = points.length > 1 ? "A color for the line" : "A color here";
    picker = make("div", { className: "cg-picker", role: "dialog", ariaLabel: points.length > 1 ? title : "A color for this point" },
      make("div", { className: "cg-head" }, make("strong", {}, title), make("span", {}, `lightness ${L.toFixed(0)}`)),
      make("div", { className: "cg-square" }, canvas, cross, ...[["n", "yellow"], ["s", "blue"], ["w", "green"], ["e", "red"]]
        .map(([side, name]) => make("i", { className: `cg-${side}` }, name))),
      make("div", { className: "cg-row" }, shown, read),
      make("div", { className: "cg-row" }, swatch(now.gray, "gray", 0, 0), ...recent.map((r) => swatch(r.css, "used before", r.a, r.b))),
      make("div", { className: "cg-row" }, text, make("button", { type: "button", className: "cg-quiet", onclick: send }, "Set")), wrong,
      make("div", { className: "cg-row cg-end" }, remove, done));
    picker.named = named;
    settle(x, y);
    at = nearest(...at);
    show(at);
    canvas.focus({ preventScroll: true });
  }
  function settle(x, y) {  // beside the point where there is room, below the picture where there is none
    const [w, h] = size(), narrow = stage.clientWidth < 560;
    cursor = [(x + 0.5) / w, (y + 0.5) / h];
    showAim();
    aim.classList.add("cg-asked");
    picker.classList.toggle("cg-below", narrow);
    pair.after(picker);
    if (narrow) return picker.scrollIntoView({ block: "nearest" });
    const [px, py] = [pair.offsetLeft + cursor[0] * pair.clientWidth, pair.offsetTop + cursor[1] * pair.clientHeight];
    const left = px + 22 + picker.offsetWidth <= stage.clientWidth ? px + 22 : px - 22 - picker.offsetWidth;
    picker.style.left = `${between(left, 0, stage.clientWidth - picker.offsetWidth)}px`;
    picker.style.top = `${Math.max(pair.offsetTop, between(py - picker.offsetHeight / 2, pair.offsetTop + 6, pair.offsetTop + pair.clientHeight - picker.offsetHeight - 6))}px`;
  }

  // What Python holds
  const url = (bytes) => URL.createObjectURL(new Blob([bytes]));
  function picture(name, img) {
    const bytes = model.get(name), old = urls[name];
    urls[name] = bytes?.byteLength ? url(bytes) : "";
    if (urls[name]) img.src = urls[name];
    else img.removeAttribute("src");
    if (old) setTimeout(() => URL.revokeObjectURL(old), 5000);
  }
  function showBefore() {
    close();
    picture("before", before);
    const [w, h] = size();
    stage.classList.toggle("cg-full", !!urls.before);
    if (!h) return;
    pair.style.setProperty("--aspect", `${w} / ${h}`);
    pair.style.setProperty("--wide", `min(${(70 * w) / h}vh, ${Math.max(480, 2 * w)}px)`);
  }
  function showStrip() {
    const { activeElement } = document, focused = strip.contains(activeElement), [old, at] = [thumbs, model.get("at")];
    thumbs = model.get("pictures").map((p) => url(p.thumb));
    const tiles = model.get("pictures").map(({ name }, i) => {
      const img = make("img", { src: thumbs[i], alt: "", draggable: false });
      const tile = make("button", { type: "button", className: "cg-tile", title: name, ariaLabel: name, ariaPressed: String(i === at),
        onclick: () => model.send({ kind: "show", i }), onkeydown: (e) => { if (e.key === "Delete") model.send({ kind: "remove", i }); } }, img);
      const cross = make("button", { type: "button", className: "cg-remove", title: `Put ${name} away`, ariaLabel: `Put ${name} away`,
        onclick: () => model.send({ kind: "remove", i }) }, "\u00D7");
      return make("span", { className: "cg-frame" }, tile, cross);
    });
    strip.replaceChildren(...tiles, make("button", { type: "button", className: "cg-tile cg-add", title: "Add photographs", ariaLabel: "Add photographs",
      onclick: choose }, "+"));
    if (focused) tiles[at]?.firstChild.focus({ preventScroll: true });
    setTimeout(() => old.forEach((u) => URL.revokeObjectURL(u)), 5000);
  }
  function showMarks() {
    const [w, h] = size();
    marks.replaceChildren(...model.get("marks").map((m) => make("button", { type: "button", className: "cg-mark", title: "Your color",
      ariaLabel: `Your color at ${m.x}, ${m.y}`, onclick: (e) => { e.stopPropagation(); ask(m.x, m.y); },
      style: `left:${(100 * (m.x + 0.5)) / w}%;top:${(100 * (m.y + 0.5)) / h}%;background:${m.css}` })));
    showWorth();
    showNote();
  }
  function showWorth() {  // where a hint is worth most
    const [w, h] = size(), [x, y] = model.get("worth");
    const spot = x === undefined ? [] : [make("button", { type: "button", className: "cg-mark cg-worth", title: "A color is worth most here",
      ariaLabel: `A color is worth most at ${x}, ${y}`, onclick: (e) => { e.stopPropagation(); ask(x, y); },
      style: `left:${(100 * (x + 0.5)) / w}%;top:${(100 * (y + 0.5)) / h}%` }, "?")];
    marks.append(...spot);
  }
  function showOthers() {
    const old = looks, at = model.get("variant"), focused = others.contains(document.activeElement);
    looks = model.get("answers").map(url);
    const tiles = looks.map((src, i) => {
      const name = i ? `Answer ${i + 1}` : "The usual answer";
      return make("button", { type: "button", className: "cg-tile", title: name, ariaLabel: name, ariaPressed: String(i === at),
        onclick: () => model.send({ kind: "variant", i }) }, make("img", { src, alt: "", draggable: false }));
    });
    others.replaceChildren(...tiles);
    others.hidden = !tiles.length;
    if (focused) tiles[at]?.focus({ preventScroll: true });
    setTimeout(() => old.forEach((u) => URL.revokeObjectURL(u)), 5000);
  }
  function showReferences() {
    names.replaceChildren(...model.get("references").map((name, i) => make("span", { className: "cg-name" }, make("span", {}, name),
      make("button", { type: "button", title: `Remove the reference ${name}`, ariaLabel: `Remove the reference ${name}`,
        onclick: () => { refer.focus({ preventScroll: true }); model.send({ kind: "unrefer", i }); } }, "\u00D7"))));
  }
  const watched = { "change:before": showBefore, "change:after": () => picture("after", after), "change:marks": showMarks,
    "change:worth": showMarks, "change:note": showNote, "change:answers": showOthers, "change:variant": showOthers, "change:references": showReferences,
    "change:pictures": showStrip, "change:at": showStrip, "change:busy": () => say(model.get("busy")),
    "msg:custom": (msg, buffers) => {
      if (msg.view !== me) return;
      if (msg.kind === "colors" && drawn?.some(([x, y]) => x === msg.x && y === msg.y)) pick(msg, buffers[0]);
      if (msg.kind === "named") picker?.named(msg);
    } };
  for (const [k, f] of Object.entries(watched)) {
    model.on(k, f);
    if (k !== "msg:custom") f();
  }
  slide(split);
  return () => {
    for (const [k, f] of Object.entries(watched)) model.off(k, f);
    for (const u of [...Object.values(urls), ...thumbs, ...looks]) if (u) URL.revokeObjectURL(u);
  };
}

export default { initialize, render };
