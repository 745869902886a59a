// What the page says, in the reader's language. The service chooses the catalogue.

import { LANGUAGE, TEXTS } from "./catalogue.js"; // made by the service

const plural = new Intl.PluralRules(LANGUAGE);

/** The text of a key with its places filled; `n` chooses the plural form. */
export function t(key, values = {}) {
  const found = TEXTS[key] ?? key;
  const text = typeof found === "string" ? found : found[plural.select(values.n)] ?? found.other;
  return text.replace(/\{(\w+)\}/g, (place, name) => {
    const value = values[name] ?? place;
    return typeof value === "number" ? value.toLocaleString(LANGUAGE) : value;
  });
}

/** A color, pattern or type in the reader's language; the shop's own word where there is none. */
export const word = (text) => String(text ?? "").split("/").map((part) => TEXTS.words[part.trim().toLowerCase()] ?? part).join("/");

const AMOUNT = /^(\d+(?:\.\d+)?) ([A-Z]{3})$/;

/** A price as the reader's language writes it; as it came where it is no amount with its currency. */
export function money(text) {
  const [, amount, currency] = AMOUNT.exec(text ?? "") ?? [];
  return currency ? new Intl.NumberFormat(LANGUAGE, { style: "currency", currency }).format(amount) : text ?? "";
}

/** Whether there is a text for a key. */
export const has = (key) => key in TEXTS;

const PLACES = [
  [/^(.*), worn together in (\d+) looks$/, (m) => ["together_in", { reason: reason(m[1]), n: Number(m[2]) }]],
  [/^(same|similar|other) (type|color|pattern): (.*)$/, (m) => [`${m[1]}_${m[2]}`, { word: word(m[3]) }]],
  [/^(type|color|pattern): (.*)$/, (m) => [`is_${m[1]}`, { word: word(m[2]) }]],
  [/^occasion: (.*)$/, (m) => [`for_${m[1]}`]],
  [/^likeness to the words (.*)$/, (m) => ["like_words", { word: m[1] }]],
  [/^overall likeness (.*)$/, (m) => ["overall", { word: m[1] }]],
  [/^worn with (.*) in (\d+) of (\d+) looks: (.*)$/, (m) => ["worn_with", { other: word(m[1]), n: Number(m[2]), all: Number(m[3]), word: word(m[4]) }]],
  [/^goes with (.*): (.*)$/, (m) => ["goes", { other: word(m[1]), word: word(m[2]) }]],
  [/^shades of one color: (.*) and (.*)$/, (m) => ["shades", { word: word(m[1]), other: word(m[2]) }]],
  [/^colors that go together: (.*) with (.*)$/, (m) => ["go_together", { word: word(m[1]), other: word(m[2]) }]],
  [/^neighbouring colors: (.*) and (.*)$/, (m) => ["neighbours", { word: word(m[1]), other: word(m[2]) }]],
  [/^opposite colors: (.*) and (.*)$/, (m) => ["opposites", { word: word(m[1]), other: word(m[2]) }]],
  [/^([^:]+) with ([^:]+)$/, (m) => ["word_with", { word: word(m[1]), other: word(m[2]) }]],
  [/^little in this shop goes better$/, () => ["little_better"]],
  [/^same occasion: (.*)$/, (m) => ["occasion", { word: word(m[1]) }]],
];

/** A reason of the service in the reader's language; as it came where its form is not known. */
export function reason(text) {
  for (const [form, made] of PLACES) {
    const found = form.exec(text);
    if (found) return t(...made(found));
  }
  return text;
}
