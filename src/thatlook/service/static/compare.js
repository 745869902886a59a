// The crop beside a product, large.

import { picture } from "./api.js";
import { byId } from "./dom.js";
import { drawCrop, linked, price, reasons } from "./rows.js";

/** Opens the dialog for a product and the piece in the photo. */
export function compare(row, { product, score, nearness, reasons: words }, look) {
  const title = product.title || product.id;
  const image = byId("compareProduct");
  byId("compareTitle").textContent = title;
  drawCrop(byId("compareCrop"), byId("photo"), row.article.box, look, 900);
  image.alt = title;
  image.classList.remove("gone");
  image.removeAttribute("src"); // the one before must not be seen meanwhile
  picture(image, product.id, "large");
  byId("compareNear").textContent = nearness ? `${nearness}: about ${Math.round(score * 100)} in 100 shoppers would take it` : "";
  byId("compareReasons").replaceChildren(...(reasons(words)?.children ?? []));
  byId("compareBuy").replaceChildren(...price(product), " ", product.link ? linked(product, "See it in the shop") : "");
  byId("compare").showModal();
}
