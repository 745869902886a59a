// The looks since the page was opened: a small picture each, which brings a look back as it was
// left. They are in this page alone, and gone when it is closed.

import { byId, el } from "./dom.js";
import { t } from "./texts.js";

const MOST = 24;
const PLACES = ["looks", "looksAtStart"];
const seen = new Map(); // by source, the newest last

const keyOf = (source) => source.join("=");

/** Adds a look that is not there yet; `picture` is a photo's bytes or its address. */
export function add(source, picture, name) {
  const key = keyOf(source);
  if (seen.has(key)) return;
  const src = typeof picture === "string" ? picture : URL.createObjectURL(picture);
  seen.set(key, { src, name, search: `?${new URLSearchParams([source])}` });
  if (seen.size <= MOST) return;
  const [oldest, { src: old }] = seen.entries().next().value;
  if (old.startsWith("blob:")) URL.revokeObjectURL(old);
  seen.delete(oldest);
}

/** Notes the address that a look has now: filters and refinements are in it. */
export function left(source, search) {
  const look = seen.get(keyOf(source));
  if (look) look.search = search;
}

/** Shows them where there is one to go to; `current` is the source of the one that is shown, or []. */
export function show(current, open) {
  const key = keyOf(current);
  const others = [...seen.keys()].some((one) => one !== key);
  for (const place of PLACES) {
    byId(place).hidden = !others;
    byId(`${place}List`).replaceChildren(...[...seen].map(([one, look], index) => tile(look, index + 1, one === key, open)));
  }
}

function tile({ src, name, search }, n, now, open) {
  const label = t("look_n", { n, name });
  const image = el("img", { src, alt: label, width: 48, height: 64 });
  return el("button", { type: "button", title: name, aria: now ? { current: "true" } : {}, onclick: () => open(search) }, image);
}
