// The page's state is its address: Back, reload and a link bring a result back. Photos are not in it.

/** The state in the address. */
export const read = () => new URLSearchParams(location.search);

/** How many refinements Back would undo. */
export const depth = () => history.state?.depth ?? 0;

/** Makes [name, value] pairs the address; `refined`: a step that can be undone. */
export function push(pairs, refined = false) {
  const search = new URLSearchParams(pairs.filter(([, value]) => value !== ""));
  const next = search.size ? `/?${search}` : "/";
  if (next === location.pathname + location.search) return;
  history.pushState({ depth: refined ? depth() + 1 : 0 }, "", next);
}

/** Changes one value of the address, as a step that can be undone. */
export function change(name, value) {
  push([...[...read()].filter(([other]) => other !== name), [name, value]], true);
}

/** Goes to an address that the page had before, as a step of its own. */
export function go(search) {
  history.pushState({ depth: 0 }, "", `/${search}`);
}

/** The address of a product's page. */
export const ofProduct = (id) => `/?${new URLSearchParams({ product: id })}`;

/** Calls `changed` when the reader goes back or forth. */
export function listen(changed) {
  addEventListener("popstate", changed);
}
