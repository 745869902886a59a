// The shopper's own photos, by number: in the page, and in this tab's own storage, so that a reload
// brings them back. They are gone when the tab is closed, and nowhere else.

const STORED = "thatlook-photo-";
const photos = new Map();

const stored = () => Object.keys(sessionStorage).filter((key) => key.startsWith(STORED)).map((key) => Number(key.slice(STORED.length)));

/** Keeps a photo and its name; its number, as a text. */
export async function add(photo, name) {
  const number = 1 + Math.max(0, ...stored(), ...[...photos.keys()].map(Number));
  photos.set(String(number), { photo, name });
  put(number, JSON.stringify({ name, type: photo.type, data: await base64(photo) }));
  return String(number);
}

/** The photo of a number with its name; undefined where it is none of this tab's. */
export function get(number) {
  if (!photos.has(number)) {
    const kept = sessionStorage.getItem(STORED + number);
    if (kept) photos.set(number, opened(JSON.parse(kept)));
  }
  return photos.get(number);
}

/** Puts a text into the tab's storage, where the oldest make room; what is larger than all of it is left out. */
function put(number, text) {
  const others = stored().sort((one, other) => one - other);
  for (;;) {
    try {
      sessionStorage.setItem(STORED + number, text);
      return;
    } catch (error) {
      if (error.name !== "QuotaExceededError") throw error;
      if (!others.length) return; // a reload will ask for it again
      sessionStorage.removeItem(STORED + others.shift());
    }
  }
}

function base64(photo) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(photo);
  });
}

function opened({ name, type, data }) {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  return { name, photo: new Blob([bytes], { type }) };
}
