// Share: a link that brings the result back; the photo is never in it.

import { byId } from "./dom.js";
import { t } from "./texts.js";

/** Opens the dialog; `own`: the result is of a photo that only this browser has. */
export function open(own) {
  const link = new URL(location.href);
  if (own) link.searchParams.delete("photo");
  byId("link").value = link.href;
  byId("linkNote").textContent = t(own ? "share_no_photo" : "share_whole");
  byId("copied").textContent = "";
  byId("sharing").showModal();
}

/** Makes the buttons copy. */
export function listen() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", () => copy(byId(button.dataset.copy), button.closest("dialog").querySelector("[role=status]")));
  }
}

async function copy(area, told) {
  area.focus();
  area.select();
  try {
    await navigator.clipboard.writeText(area.value);
    told.textContent = t("copied");
  } catch {
    // Without https a browser gives no clipboard; the text is selected for the keys.
    told.textContent = t("selected");
  }
}
