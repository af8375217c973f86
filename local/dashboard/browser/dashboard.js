/** Keeps the page up to date while it is seen. Without this script the page is the same, as of when it was loaded. */

const INTERVAL = 2_000;

const filter = /** @type {HTMLFormElement} */ (document.querySelector("#log-filter"));
const status = /** @type {HTMLOutputElement} */ (document.querySelector("#status"));

/** @type {ReturnType<typeof setTimeout> | undefined} */
let next;
/** How often it was asked: an answer that was overtaken by a later question is dropped. */
let asked = 0;

async function update() {
  clearTimeout(next);
  const question = ++asked;
  try {
    const query = new URLSearchParams(/** @type {string[][]} */ ([...new FormData(filter)]));
    const answer = await fetch(`/live?${query.toString()}`, { signal: AbortSignal.timeout(10_000) });
    if (!answer.ok) throw new Error((await answer.text()).trim());
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (question !== asked) return;
    for (const part of fresh.querySelectorAll(".live")) {
      const shown = document.getElementById(part.id);
      if (shown !== null) morph(shown, part);
    }
    tell("live", "live");
  } catch (error) {
    if (question !== asked) return;
    tell("lost", error instanceof TypeError ? "The platform does not answer." : String(error));
  }
  if (!document.hidden) next = setTimeout(() => void update(), INTERVAL);
}

/** @param {string} state @param {string} text */
function tell(state, text) {
  status.className = state;
  status.value = text;
}

/**
 * Makes an element what another is and touches only what differs: focus, selections, open details and the place to which
 * somebody scrolled stay.
 * @param {Element} shown
 * @param {Element} wanted
 */
function morph(shown, wanted) {
  for (const { name, value } of wanted.attributes)
    if (shown.getAttribute(name) !== value) shown.setAttribute(name, value);
  for (const { name } of [...shown.attributes])
    if (!wanted.hasAttribute(name) && name !== "open") shown.removeAttribute(name);
  [...wanted.childNodes].forEach((child, index) => {
    const known = child instanceof Element && child.id !== "" ? ownChild(shown, child.id) : null;
    if (known !== null && known !== shown.childNodes[index])
      shown.insertBefore(known, shown.childNodes[index] ?? null);
    const present = shown.childNodes[index];
    if (present === undefined) shown.append(child.cloneNode(true));
    else if (present instanceof Element && child instanceof Element && isSame(present, child))
      morph(present, child);
    else if (present.nodeType === Node.TEXT_NODE && child.nodeType === Node.TEXT_NODE) {
      if (present.nodeValue !== child.nodeValue) present.nodeValue = child.nodeValue;
    } else shown.insertBefore(child.cloneNode(true), present);
  });
  while (shown.childNodes.length > wanted.childNodes.length) shown.lastChild?.remove();
}

/** @param {Element} present @param {Element} wanted */
function isSame(present, wanted) {
  return present.tagName === wanted.tagName && present.id === wanted.id;
}

/** @param {Element} parent @param {string} id */
function ownChild(parent, id) {
  return [...parent.children].find((child) => child.id === id) ?? null;
}

filter.addEventListener("input", () => void update());
filter.addEventListener("submit", (event) => {
  event.preventDefault();
  void update();
});

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.method !== "post") return;
  event.preventDefault();
  const body = new URLSearchParams(/** @type {string[][]} */ ([...new FormData(form, event.submitter)]));
  void fetch(form.action, { method: "POST", body }).then(
    async (answer) => (answer.ok ? update() : tell("lost", await answer.text())),
    (/** @type {unknown} */ error) => tell("lost", String(error)),
  );
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) void update();
});

void update();
