// Share: the answer as JSON, and the question as a curl line.

import { key } from "./api.js";
import { byId } from "./dom.js";

const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

/** The command that asks the same again. A key is named, never written. */
export function curlLine(name, fields) {
  const parts = ["curl", quoted(`${location.origin}/v1/recommendations`), "-F", quoted(`photo=@${name}`)];
  if (key.get()) parts.push("-H", '"Authorization: Bearer $THATLOOK_KEY"');
  for (const [field, value] of fields) parts.push("-F", quoted(`${field}=${value}`));
  return parts.join(" ");
}

/** Opens the dialog. */
export function open(name, fields, answer) {
  byId("curl").value = curlLine(name, fields);
  byId("json").value = JSON.stringify(answer, null, 1);
  byId("copied").textContent = "";
  byId("sharing").showModal();
}

/** Makes the buttons copy. */
export function listen() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", () => copy(byId(button.dataset.copy)));
  }
}

async function copy(area) {
  area.focus();
  area.select();
  try {
    await navigator.clipboard.writeText(area.value);
    byId("copied").textContent = "Copied.";
  } catch {
    // Without https a browser gives no clipboard; the text is selected for the keys.
    byId("copied").textContent = "Selected: copy it with Ctrl+C, or ⌘C.";
  }
}
