// Small helpers of the page.
export const $ = (css) => document.querySelector(css);

export function make(tag, attributes = {}, ...children) {
  const el = document.createElement(tag);
  for (const [k, v] of Object.entries(attributes)) k in el ? (el[k] = v) : el.setAttribute(k, v);
  el.append(...children);
  return el;
}

export const between = (x, lo, hi) => Math.min(hi, Math.max(lo, x));
export const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
export const css = ([r, g, b]) => `rgb(${r}, ${g}, ${b})`;

export function say(what, kind = "note") {  // a line below the photographs, until it is put away
  const line = make("p", { className: kind }, what);
  if (kind === "error") line.setAttribute("role", "alert");
  line.append(make("button", { type: "button", ariaLabel: "Put this message away", onclick: () => line.remove() }, "\u00d7"));
  $("#messages").append(line);
}

export function download(name, blob) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
