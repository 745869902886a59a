// The photo with what was seen in it: clickable articles, outlines, key points.

import { byId, describe, el, nameOf } from "./dom.js";
import { t } from "./texts.js";

const SEEN = 0.3;
const SKELETON = [
  [15, 13], [13, 11], [16, 14], [14, 12], [11, 12], [5, 11], [6, 12], [5, 6], [5, 7], [7, 9],
  [6, 8], [8, 10], [0, 1], [0, 2], [1, 3], [2, 4],
];

/** Puts a box of photo pixels over the photo, in parts of its size. */
export function place(element, box, look) {
  const part = (value, whole) => `${(100 * value) / whole}%`;
  element.style.left = part(box[0], look.width);
  element.style.top = part(box[1], look.height);
  element.style.width = part(box[2] - box[0], look.width);
  element.style.height = part(box[3] - box[1], look.height);
}

/** Draws a button per row over the photo, and one below it; `onPick(row)` hears a click. */
export function showSpots(look, rows, onPick) {
  const area = (box) => (box[2] - box[0]) * (box[3] - box[1]);
  const largestFirst = [...rows].sort((a, b) => area(b.article.box) - area(a.article.box));
  const spots = rows.map((row) => {
    const words = describe(row.article);
    const label = `${row.number}: ${nameOf(row.article.category)}${words ? `, ${words}` : ""}`;
    const spot = el(
      "button",
      { type: "button", class: `spot c-${row.article.category}`, title: label, aria: { label }, onclick: () => onPick(row) },
      el("b", {}, String(row.number)),
    );
    place(spot, row.article.box, look);
    const scale = byId("photo").clientWidth / look.width;
    const [x0, y0, x1, y1] = row.article.box;
    spot.classList.toggle("tiny", Math.min(x1 - x0, y1 - y0) * scale < 48);
    spot.style.zIndex = String(1 + largestFirst.indexOf(row)); // a bag is over the coat behind it
    row.spot = spot;
    return spot;
  });
  byId("spots").replaceChildren(...spots);
  byId("tabs").replaceChildren(...rows.map((row) => {
    row.tab = el("button", { type: "button", class: `tab c-${row.article.category}`, onclick: () => onPick(row) },
      el("b", {}, String(row.number)), nameOf(row.article.category));
    return row.tab;
  }));
}

/** Marks one row's spot and tab as the chosen ones. */
export function mark(rows, chosen) {
  for (const row of rows) {
    row.spot?.classList.toggle("chosen", row === chosen);
    row.tab?.classList.toggle("chosen", row === chosen);
  }
}

/** Draws the person's key points and bones. */
export function drawJoints(look) {
  const drawing = byId("joints");
  const space = "http://www.w3.org/2000/svg";
  const make = (tag, values) => {
    const made = document.createElementNS(space, tag);
    for (const [name, value] of Object.entries(values)) made.setAttribute(name, value);
    return made;
  };
  drawing.setAttribute("viewBox", `0 0 ${look.width} ${look.height}`);
  const points = look.person?.keypoints ?? [];
  const size = Math.max(look.width, look.height) / 160;
  const bones = SKELETON.filter(([a, b]) => Math.min(points[a]?.[2] ?? 0, points[b]?.[2] ?? 0) >= SEEN);
  drawing.replaceChildren(
    ...bones.map(([a, b]) => make("line", { x1: points[a][0], y1: points[a][1], x2: points[b][0], y2: points[b][1], "stroke-width": size / 2 })),
    ...points.filter((point) => point[2] >= SEEN).map((point) => make("circle", { cx: point[0], cy: point[1], r: size })),
  );
}

/** Tints the pixels of each article with its category's color. */
export async function drawMasks(look) {
  const canvas = byId("masks");
  const scale = Math.min(1, 1000 / Math.max(look.width, look.height));
  canvas.width = Math.round(look.width * scale);
  canvas.height = Math.round(look.height * scale);
  const context = canvas.getContext("2d");
  for (const article of look.articles) {
    if (!article.mask) continue;
    const tinted = await tint(article.mask.png, colorOf(article.category));
    const [x0, y0, x1, y1] = article.mask.box.map((value) => value * scale);
    context.drawImage(tinted, x0, y0, x1 - x0, y1 - y0);
  }
}

function colorOf(category) {
  const probe = el("i", { class: `c-${category}`, hidden: true });
  document.body.append(probe);
  const color = getComputedStyle(probe).getPropertyValue("--c");
  probe.remove();
  return color;
}

async function tint(png, color) {
  const image = el("img", { src: `data:image/png;base64,${png}` });
  await image.decode();
  const canvas = el("canvas", { width: image.naturalWidth, height: image.naturalHeight });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 0; at < pixels.data.length; at += 4) pixels.data[at + 3] = pixels.data[at] * 0.6;
  context.putImageData(pixels, 0, 0);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = color;
  context.fillRect(0, 0, canvas.width, canvas.height);
  return canvas;
}

/** What is known of the person, in a line. */
export function facts(look) {
  const { person } = look;
  if (!person) return t("no_person");
  const who = t({ female: "women_wear", male: "men_wear" }[person.gender] ?? "either_wear");
  return [who, t(`view_${person.view}`), t(person.full_shot ? "full_length" : "not_full_length")].join(" · ");
}
