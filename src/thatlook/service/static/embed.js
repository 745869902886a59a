// thatlook on a shop's own page: hotspots over a picture, and a panel of products.
//   <script src="https://look.shop.example/embed.js" data-image="#hero" async></script>
// data-image: which picture (default: the first with [data-thatlook]); data-key: a read key;
// data-k: products per piece; data-product: the page's own product (default: what the page's JSON-LD
// names), which is not shown; data-exclude: more ids not to show; data-label, data-title: words;
// data-feedback="yes": what is shown and clicked is told to the service. Set it once the shopper agreed
// to that: it is looked at whenever something is to be told.
// Styled by CSS variables on the page: --thatlook-accent, -ink, -paper, -soft, -line, -font, -round.
(() => {
  "use strict";
  const script = document.currentScript;
  const origin = new URL(script.src).origin;
  const options = script.dataset;
  const TEXTS = {}; // the service fills in the words, in the reader's language
  const STYLE = `
    :host { all: initial; position: absolute; z-index: 5; pointer-events: none; display: block;
      --accent: var(--thatlook-accent, #26483d); --ink: var(--thatlook-ink, #1d1c1a); --paper: var(--thatlook-paper, #fff);
      --soft: var(--thatlook-soft, #625f58); --line: var(--thatlook-line, #dfdbd2); --round: var(--thatlook-round, 14px);
      font: 15px/1.45 var(--thatlook-font, system-ui, sans-serif); color: var(--ink); }
    * { box-sizing: border-box; } [hidden] { display: none !important; }
    button, a { font: inherit; color: inherit; } button { cursor: pointer; }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
    .open { position: absolute; right: 12px; bottom: 12px; pointer-events: auto; border: 0; border-radius: 99px; padding: 10px 18px; min-height: 44px; background: var(--paper); color: var(--ink); font-weight: 600; box-shadow: 0 2px 14px #0004; }
    .spot { position: absolute; width: 44px; height: 44px; margin: -22px 0 0 -22px; border: 0; background: none; pointer-events: auto; display: grid; place-items: center; }
    .spot::before { content: ""; width: 18px; height: 18px; border-radius: 50%; background: var(--paper); border: 5px solid var(--accent); box-shadow: 0 0 0 3px #fff9, 0 1px 6px #0008; transition: transform .15s; }
    .spot:hover::before, .spot[aria-pressed=true]::before { transform: scale(1.3); }
    .panel { position: fixed; inset: 0 0 0 auto; width: min(400px, 100vw); overflow-y: auto; overscroll-behavior: contain; background: var(--paper); box-shadow: 0 0 40px #0005; padding: 20px; pointer-events: auto; z-index: 2147483000; }
    .top { display: flex; justify-content: space-between; align-items: center; position: sticky; top: -20px; margin: -20px -20px 8px; padding: 12px 20px 6px; background: var(--paper); }
    h2 { font-size: 19px; margin: 0; } h3 { font-size: 16px; margin: 22px 0 8px; scroll-margin-top: 58px; outline: 0; } p { margin: 8px 0; color: var(--soft); }
    .close { width: 44px; height: 44px; border: 0; border-radius: 50%; background: none; font-size: 24px; line-height: 1; }
    ul { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: 1fr 1fr; gap: 14px; }
    li { font-size: 14px; min-width: 0; } li img { width: 100%; aspect-ratio: 4 / 5; object-fit: contain; background: #fff; border: 1px solid var(--line); border-radius: var(--round); display: block; margin-bottom: 6px; }
    li a { text-decoration: none; display: block; } li a:hover span { text-decoration: underline; } b { display: block; }
    @media (max-width: 600px) { .panel { inset: auto 0 0; width: 100vw; max-height: 74vh; border-radius: 20px 20px 0 0; } }`;

  const el = (tag, properties = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (name in made) made[name] = value;
      else made.setAttribute(name, value);
    }
    made.append(...children.filter((child) => child !== null && child !== ""));
    return made;
  };
  const safe = (address) => (/^https?:\/\//i.test(address ?? "") ? address : "");
  const feedback = teller();
  const headers = options.key ? { Authorization: `Bearer ${options.key}` } : {};

  function start() {
    const image = document.querySelector(options.image ?? "img[data-thatlook]");
    if (!(image instanceof HTMLImageElement)) {
      console.warn("thatlook: no picture for", options.image ?? "img[data-thatlook]");
      return;
    }
    const host = el("div");
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet(); // unlike a style element, not subject to the shop's policy
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    document.body.append(host);
    const open = el("button", { className: "open", type: "button" }, options.label ?? TEXTS.embed_open);
    root.append(open);
    const cover = () => {
      const area = image.getBoundingClientRect();
      Object.assign(host.style, { left: `${area.left + scrollX}px`, top: `${area.top + scrollY}px`, width: `${area.width}px`, height: `${area.height}px` });
    };
    new ResizeObserver(cover).observe(image);
    addEventListener("resize", cover);
    addEventListener("load", cover);
    cover();
    open.addEventListener("click", async () => {
      open.disabled = true;
      open.textContent = TEXTS.embed_looking;
      try {
        show(root, image, await ask(image));
        open.hidden = true;
      } catch (error) {
        open.disabled = false;
        open.textContent = error.message || TEXTS.embed_failed;
      }
    });
  }

  /** The ids of the page's own product: as the script is told, else as its JSON-LD has them. */
  function own() {
    if (options.product) return [options.product];
    const blocks = [...document.querySelectorAll('script[type="application/ld+json"]')].flatMap((block) => {
      try {
        const data = JSON.parse(block.textContent);
        return [data, data?.["@graph"]].flat();
      } catch {
        return []; // another program's mistake
      }
    });
    const products = blocks.filter((data) => ["Product", "ProductGroup"].some((type) => [data?.["@type"]].flat().includes(type)));
    return products.flatMap(({ sku, productID }) => [sku, productID]).filter((id) => ["string", "number"].includes(typeof id)).map(String);
  }

  /** Sends the picture itself; where the page may not read it, its address. */
  async function ask(image) {
    const address = image.currentSrc || image.src;
    let answer;
    const photo = await fetch(address).then((got) => (got.ok ? got.blob() : null), () => null);
    const excluded = [...own(), ...(options.exclude ?? "").split(",")].filter(Boolean);
    if (photo) {
      const form = new FormData();
      form.append("photo", photo, "photo");
      form.append("k", options.k ?? "4");
      for (const id of excluded) form.append("exclude_ids", id);
      answer = await fetch(`${origin}/v1/recommendations`, { method: "POST", body: form, headers });
    } else {
      const body = JSON.stringify({ photo_url: new URL(address, location.href).href, k: Number(options.k ?? 4), exclude_ids: excluded });
      answer = await fetch(`${origin}/v1/recommendations`, { method: "POST", body, headers: { ...headers, "Content-Type": "application/json" } });
    }
    if (!answer.ok) throw new Error(answer.status === 503 || answer.status === 429 ? TEXTS.embed_busy : TEXTS.embed_failed);
    return answer.json();
  }

  /** Tells the service what is shown and clicked, in messages of a list each; nothing says by whom. */
  function teller() {
    const lists = new Map(); // events by list
    const told = new WeakMap(); // what stands on an element
    const digits = () => [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const send = () => {
      for (const [list, events] of lists) {
        const body = JSON.stringify({ consent: true, ...list, events });
        fetch(`${origin}/v1/feedback`, { method: "POST", keepalive: true, body, headers: { ...headers, "Content-Type": "application/json" } }).catch(() => {});
      }
      lists.clear();
    };
    let timer = 0;
    const tell = (element, kind) => {
      if (options.feedback !== "yes") return;
      const { list, done, event } = told.get(element);
      if (done.has(kind)) return;
      done.add(kind);
      lists.set(list, [...(lists.get(list) ?? []), { ...event, kind }]);
      clearTimeout(timer);
      timer = setTimeout(send, 1500);
    };
    const observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) if (isIntersecting) tell(target, "shown");
    }, { threshold: 0.5 });
    addEventListener("pagehide", send);
    return {
      list: (category) => ({ list: digits(), source: "photo", category }),
      watch: (element, list, { product, nearness = "", score, team = "" }, index) => {
        told.set(element, { list, done: new Set(), event: { product: product.id, position: index + 1, nearness, score, team } });
        element.addEventListener("click", ({ target }) => { if (target.closest("a")) tell(element, "clicked"); });
        observer.observe(element);
        return element;
      },
    };
  }

  function show(root, image, { look, recommendations }) {
    const sections = el("div");
    const panel = el("div", { className: "panel", role: "dialog", tabIndex: -1, "aria-label": TEXTS.embed_panel, hidden: true },
      el("div", { className: "top" }, el("h2", {}, options.title ?? TEXTS.embed_open), el("button", { className: "close", type: "button", "aria-label": TEXTS.close, onclick: () => close() }, "×")),
      sections);
    const shown = recommendations.filter((found) => found.matches.length);
    if (!shown.length) sections.append(el("p", {}, TEXTS.none));
    const fit = placed(image, look);
    let from = null;
    const close = () => {
      panel.hidden = true;
      for (const spot of root.querySelectorAll(".spot")) spot.setAttribute("aria-pressed", "false");
      from?.focus();
    };
    panel.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
    root.append(panel);
    for (const found of shown) {
      const article = look.articles[found.article];
      const name = TEXTS.names[article.category] ?? article.category;
      const heading = el("h3", { tabIndex: -1 }, name);
      const list = feedback.list(article.category);
      const cards = found.matches.map((match, index) => feedback.watch(card(match), list, match, index));
      const aside = found.searched?.neighbours ? el("p", {}, TEXTS.no_close) : "";
      sections.append(el("section", {}, heading, aside, el("ul", {}, ...cards)));
      const spot = el("button", { className: "spot", type: "button", "aria-label": TEXTS.embed_spot.replace("{piece}", name), "aria-pressed": "false" });
      const [x0, y0, x1, y1] = article.box;
      spot.style.left = `${fit.x + ((x0 + x1) / 2) * fit.scale}%`;
      spot.style.top = `${fit.y + ((y0 + y1) / 2) * fit.scaleY}%`;
      spot.addEventListener("click", () => {
        for (const other of root.querySelectorAll(".spot")) other.setAttribute("aria-pressed", String(other === spot));
        from = spot;
        panel.hidden = false;
        heading.focus({ preventScroll: true });
        heading.scrollIntoView({ block: "start" });
      });
      root.append(spot);
    }
    from = root.querySelector(".spot");
    panel.hidden = false;
    panel.focus({ preventScroll: true });
  }

  /** Where the photo's pixels are on the element, in percent, by its object-fit. */
  function placed(image, look) {
    const { width, height } = image.getBoundingClientRect();
    const style = getComputedStyle(image).objectFit;
    let [sx, sy] = [width / look.width, height / look.height];
    if (style === "contain" || style === "scale-down") sx = sy = Math.min(sx, sy);
    if (style === "cover") sx = sy = Math.max(sx, sy);
    return {
      x: (50 * (width - look.width * sx)) / width, y: (50 * (height - look.height * sy)) / height,
      scale: (100 * sx) / width, scaleY: (100 * sy) / height,
    };
  }

  /** A price as this browser's language writes it. */
  function money(text) {
    const [, amount, currency] = /^(\d+(?:\.\d+)?) ([A-Z]{3})$/.exec(text) ?? [];
    return currency ? new Intl.NumberFormat(undefined, { style: "currency", currency }).format(amount) : text;
  }

  function card({ product }) {
    const title = product.title || product.id;
    const picture = el("img", { alt: "", loading: "lazy" });
    const address = `${origin}/v1/products/${encodeURIComponent(product.id)}/image?size=medium`;
    if (options.key) fetch(address, { headers }).then(async (got) => { if (got.ok) picture.src = URL.createObjectURL(await got.blob()); }, () => {});
    else picture.src = address;
    const gone = /(out_?of_?stock|sold_?out|discontinued)$/i.test(product.availability ?? "");
    const words = [picture, el("span", {}, title), el("b", {}, money(product.sale_price ?? product.price ?? ""))];
    if (gone) words.push(el("span", {}, TEXTS.out_of_stock));
    return el("li", {}, safe(product.link) ? el("a", { href: safe(product.link) }, ...words) : el("div", {}, ...words));
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
