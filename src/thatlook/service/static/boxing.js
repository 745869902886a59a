// A box that the shopper draws or moves, with a finger, a mouse or the keys.

import { byId, CATEGORIES, el, nameOf, say } from "./dom.js";
import { place } from "./stage.js";
import { t } from "./texts.js";

const SMALLEST = 12;
const CORNERS = ["nw", "ne", "sw", "se"];

let current = null; // { look, box, done, drag }

/** Lets the shopper draw a box, or move `start`; calls `done(box, category)` when it is
 * asked for; the category is "" where it is left to a guess. */
export function edit(look, start, category, done) {
  const fresh = !start;
  const box = start ? [...start] : [look.width * 0.35, look.height * 0.35, look.width * 0.65, look.height * 0.65];
  current = { look, box, done, drag: null, back: document.activeElement };
  const shape = el("div", {
    id: "shape", class: "shape", tabIndex: 0, role: "group",
    aria: { label: t("box_label") },
    onkeydown: keys,
  }, ...CORNERS.map((corner) => el("i", { class: `corner ${corner}`, data: { corner } })));
  byId("drawing").replaceChildren(shape);
  byId("drawing").hidden = false;
  byId("frame").classList.add("editing");
  const choices = CATEGORIES.map((name) => el("option", { value: name }, nameOf(name)));
  byId("boxcategory").replaceChildren(el("option", { value: "" }, t("box_guess")), ...choices);
  byId("boxcategory").value = category ?? "";
  byId("boxbar").hidden = false;
  show();
  shape.focus({ preventScroll: true });
  byId("frame").scrollIntoView({ block: "nearest" }); // on a phone it is far above its row
  if (fresh) say(t("box_fresh"));
}

/** Puts the box away. */
export function stop() {
  if (!current) return;
  const { back } = current;
  current = null;
  byId("drawing").hidden = true;
  byId("boxbar").hidden = true;
  byId("frame").classList.remove("editing");
  back?.focus?.();
}

/** Makes the form and the pointer work; once. */
export function listen() {
  byId("boxcancel").addEventListener("click", stop);
  byId("boxbar").addEventListener("submit", (event) => {
    event.preventDefault();
    finish();
  });
  const layer = byId("drawing");
  layer.addEventListener("pointerdown", down);
  layer.addEventListener("pointermove", move);
  for (const name of ["pointerup", "pointercancel"]) layer.addEventListener(name, () => { if (current) current.drag = null; });
}

function finish() {
  const category = byId("boxcategory").value;
  if (!current) return;
  const { box, done } = current;
  stop();
  done(box.map((value) => Math.round(value * 10) / 10), category);
}

function show() {
  place(byId("shape"), current.box, current.look);
}

function pointOf(event) {
  const area = byId("drawing").getBoundingClientRect();
  const { look } = current;
  return [
    clamp(((event.clientX - area.left) / area.width) * look.width, 0, look.width),
    clamp(((event.clientY - area.top) / area.height) * look.height, 0, look.height),
  ];
}

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

function down(event) {
  if (!current) return;
  event.preventDefault();
  byId("drawing").setPointerCapture(event.pointerId);
  const at = pointOf(event);
  const { corner } = event.target.dataset;
  const [x0, y0, x1, y1] = current.box;
  if (corner) {
    // The corner opposite stays where it is.
    current.drag = { kind: "stretch", from: [corner.includes("w") ? x1 : x0, corner.includes("n") ? y1 : y0] };
  } else if (event.target.id === "shape") {
    current.drag = { kind: "move", from: at, box: [...current.box] };
  } else {
    current.drag = { kind: "stretch", from: at };
  }
  byId("shape").focus({ preventScroll: true });
}

function move(event) {
  if (!current?.drag) return;
  const [x, y] = pointOf(event);
  const { drag, look } = current;
  if (drag.kind === "move") {
    current.box = moved(drag.box, x - drag.from[0], y - drag.from[1], look);
  } else {
    current.box = spanned(drag.from, [x, y], look);
  }
  show();
}

function moved([x0, y0, x1, y1], dx, dy, look) {
  const across = clamp(dx, -x0, look.width - x1);
  const along = clamp(dy, -y0, look.height - y1);
  return [x0 + across, y0 + along, x1 + across, y1 + along];
}

function spanned([ax, ay], [bx, by], look) {
  const side = (a, b, whole) => {
    const low = clamp(Math.min(a, b), 0, whole - SMALLEST);
    return [low, Math.max(low + SMALLEST, Math.max(a, b))];
  };
  const [x0, x1] = side(ax, bx, look.width);
  const [y0, y1] = side(ay, by, look.height);
  return [x0, y0, x1, y1];
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function keys(event) {
  if (!current) return;
  if (event.key === "Escape") stop();
  else if (event.key === "Enter") finish();
  else if (ARROWS[event.key]) {
    const { look, box } = current;
    const [dx, dy] = ARROWS[event.key].map((way) => way * Math.max(look.width, look.height) * 0.015);
    const [x0, y0, x1, y1] = box;
    const stretched = [clamp(x1 + dx, x0 + SMALLEST, look.width), clamp(y1 + dy, y0 + SMALLEST, look.height)];
    current.box = event.shiftKey ? [x0, y0, ...stretched] : moved(box, dx, dy, look);
    show();
    say(t("box_from_to", { from: current.box.slice(0, 2).map(Math.round).join(", "), to: current.box.slice(2).map(Math.round).join(", ") }));
  } else return;
  event.preventDefault();
}
