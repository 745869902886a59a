// What developers want to see: how the look was read, the answer as JSON, the question as a curl line.

import { key } from "./api.js";
import { byId } from "./dom.js";
import { facts } from "./stage.js";
import { t } from "./texts.js";

const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

/** The command that asks the same again. A key is named, never written. */
export function curlLine(name, fields) {
  const parts = ["curl", quoted(`${location.origin}/v1/recommendations`), "-F", quoted(`photo=@${name}`)];
  if (key.get()) parts.push("-H", '"Authorization: Bearer $THATLOOK_KEY"');
  for (const [field, value] of fields) parts.push("-F", quoted(`${field}=${value}`));
  return parts.join(" ");
}

/** Opens the panel; `answer` is null where there is no photo. */
export function open(name, fields, answer) {
  byId("ofPhoto").hidden = !answer;
  if (answer) {
    byId("personFacts").textContent = `${t("dev_facts")}: ${facts(answer.look)}`;
    byId("curl").value = curlLine(name, fields);
    byId("json").value = JSON.stringify(answer, null, 1);
  }
  byId("devCopied").textContent = "";
  byId("developer").showModal();
}

/** Makes the switches of what is drawn over the photo work. */
export function listen() {
  toggle("showMasks", "masks");
  toggle("showJoints", "joints");
}

/** Puts away what is drawn over the photo. */
export function hideLayers() {
  for (const [button, layer] of [["showMasks", "masks"], ["showJoints", "joints"]]) {
    byId(button).setAttribute("aria-pressed", "false");
    byId(layer).setAttribute("hidden", "");
  }
}

function toggle(button, layer) {
  byId(button).addEventListener("click", () => {
    const on = byId(layer).hasAttribute("hidden"); // a drawing has no property for it
    byId(layer).toggleAttribute("hidden", !on);
    byId(button).setAttribute("aria-pressed", String(on));
  });
}
