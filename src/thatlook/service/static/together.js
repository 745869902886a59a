// "Goes with it": what the shop has for what is still missing of a look, or beside a product.

import * as api from "./api.js";
import { strip } from "./cards.js";
import { el, nameOf } from "./dom.js";
import { t } from "./texts.js";

const TAKEN = new Set(["gender", "age", "min_price", "max_price", "brands", "availability", "currency"]);
const PER_PIECE = "6";

/** The fields of a request that this question takes too. */
export const fieldsOf = (fields) => [...fields.filter(([name]) => TAKEN.has(name)), ["k", PER_PIECE]];

/** Fills `place` with what goes with what `body` names. Failing, it says so with a way to try again. */
export async function show(place, body) {
  const heading = el("h2", {}, t("goes_with"));
  place.replaceChildren(heading, el("p", { class: "quiet" }, t("goes_with_loading")));
  try {
    const { completions } = await api.send("/v1/completions", body);
    const found = completions.filter(({ matches }) => matches.length);
    place.replaceChildren(heading, ...(found.length ? found.map(({ category, matches }) => strip(nameOf(category), matches, { source: "together", category })) : [el("p", { class: "nothing" }, t("goes_with_none"))]));
  } catch (error) {
    if (!(error instanceof api.Trouble)) throw error;
    if (error.code === "no_completions") return place.remove(); // trying again cannot help
    place.replaceChildren(heading, el("p", { class: "nothing" }, t("goes_with_failed"), " ",
      el("button", { type: "button", class: "link", onclick: () => show(place, body) }, t("try_again"))));
  }
}

/** A place that asks once it comes near the screen: the question costs the service a second look. */
export function later(body) {
  const place = el("section", { class: "together" }, el("h2", {}, t("goes_with")));
  new IntersectionObserver((entries, watch) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    show(place, body());
  }, { rootMargin: "200px" }).observe(place);
  return place;
}
