// "Goes with it": what the shop has for what is still missing of a look, or beside a product.

import * as address from "./address.js";
import * as api from "./api.js";
import { strip } from "./cards.js";
import { el, nameOf } from "./dom.js";
import { t } from "./texts.js";

const TAKEN = new Set(["gender", "age", "min_price", "max_price", "brands", "availability", "currency"]);
const PER_PIECE = "6";

let seasons = []; // those for which the shop has products

/** Offers the seasons for which the shop has products. */
export function offer({ offered }) {
  seasons = offered.seasons.map(({ value }) => value);
}

/** The season asked for, as a pair of the address and a field of the question; "" for any. */
export function season() {
  const asked = address.read().get("season") ?? "";
  return ["season", seasons.includes(asked) ? asked : ""];
}

/** The fields of a request that this question takes too. */
export const fieldsOf = (fields) => [...fields.filter(([name]) => TAKEN.has(name)), ["k", PER_PIECE], ...(season()[1] ? [season()] : [])];

/** Fills `place` with what goes with what `body` makes the question of. Failing, it says so with a way to try again. */
async function show(place, body) {
  const waiting = el("p", { class: "quiet" }, t("goes_with_loading"));
  place.replaceChildren(waiting);
  try {
    const { completions } = await api.send("/v1/completions", body());
    if (!place.contains(waiting)) return; // asked again since, for another season
    const found = completions.filter(({ matches }) => matches.length);
    place.replaceChildren(...(found.length ? found.map(({ category, matches }) => strip(nameOf(category), matches, { source: "together", category })) : [el("p", { class: "nothing" }, t("goes_with_none"))]));
  } catch (error) {
    if (!(error instanceof api.Trouble)) throw error;
    if (error.code === "no_completions") return place.closest("section")?.remove(); // trying again cannot help
    if (place.contains(waiting)) place.replaceChildren(el("p", { class: "nothing" }, t("goes_with_failed"), " ",
      el("button", { type: "button", class: "link", onclick: () => show(place, body) }, t("try_again"))));
  }
}

/** The heading, and beside it the seasons where the shop has several; `chosen` hears of another one. */
function head(chosen) {
  const heading = el("h2", {}, t("goes_with"));
  if (seasons.length < 2) return heading;
  const options = ["", ...seasons].map((name) => el("option", { value: name, selected: name === season()[1] }, t(name || "any_season")));
  const onchange = (event) => {
    address.change("season", event.target.value);
    chosen();
  };
  return el("div", { class: "headed" }, heading, el("label", { class: "sort" }, t("season"), " ", el("select", { name: "season", aria: { label: t("season") }, onchange }, ...options)));
}

/** A place that asks once it comes near the screen: the question costs the service a second look. `changed` hears that the address did. */
export function later(body, changed = () => {}) {
  const found = el("div", { class: "answers" });
  const place = el("section", { class: "together" }, head(() => { show(found, body); changed(); }), found);
  new IntersectionObserver((entries, watch) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    show(found, body);
  }, { rootMargin: "200px" }).observe(place);
  return place;
}
