// Makes the page live: filters in place, with the state in the URL. The server writes all that is
// shown, for every URL alike, so that a page that was come to is the same as one that was opened.

const form = document.querySelector("#filters");
const TYPED = ["q", "from", "to"];
const DATE = /^(\d{4}(-\d\d){0,2})?$/;
const LINKS = "link:is([rel=canonical], [rel=alternate])";
let asked = new AbortController();
let shown = here();
let typing;

function here() {
  return location.href.split("#")[0];
}

/** Write the URL of what the form asks for, without what was left empty. */
function wanted() {
  const given = [...new FormData(form)].filter(([, value]) => value.trim());
  const query = new URLSearchParams(given).toString();
  return form.action + (query && `?${query}`);
}

/** The fields whose values the server does not write anew with each answer. */
function fields() {
  return [...form.querySelectorAll(".fields :is(input, select)")];
}

/** Show a URL in place; tell whether it is shown. `steps` says how it goes into the history. */
async function show(url, steps, before) {
  asked.abort();
  asked = new AbortController();
  const { signal } = asked;
  document.body.classList.add("waiting");
  try {
    const answer = await fetch(url, { headers: { Accept: "text/html" }, signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (signal.aborted) return false;
    if (!page.getElementById("wrong")) throw new Error(answer.statusText); // not a page of ours
    if (answer.ok) steps?.(url);
    shown = url;
    replaceWith(page, before);
    return answer.ok;
  } catch (error) {
    if (error.name !== "AbortError") {
      document.querySelector("#wrong").textContent = "The timeline cannot be reached just now.";
    }
    return false;
  } finally {
    if (!signal.aborted) document.body.classList.remove("waiting");
  }
}

function step(url) {
  history.pushState(null, "", url);
}

/** Put the parts of another page in the place of these; what was typed since `before` is kept. */
function replaceWith(page, before) {
  const focused = document.activeElement?.id;
  const opened = [...document.querySelectorAll("details[open]")].map((one) => one.id);
  if (page.body.classList.contains("front")) {
    document.title = page.title;
    for (const link of document.head.querySelectorAll(LINKS)) link.remove();
    document.head.append(...page.head.querySelectorAll(LINKS));
    for (const field of fields()) {
      const isKept = before && (field === document.activeElement || field.value !== before.get(field));
      if (!isKept) field.value = page.getElementById(field.id).value;
    }
  }
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = page.getElementById(part.id);
    if (!other) continue;
    // The part itself stays: what is read aloud when it changes must be there before.
    if (part.dir !== other.dir) part.dir = other.dir;
    part.replaceChildren(...other.childNodes);
  }
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  if (focused && focused !== document.activeElement?.id) document.getElementById(focused)?.focus();
  offer();
}

/** Show what works with a script only, and hide what it makes needless. */
function offer() {
  for (const one of document.querySelectorAll(".copying, .keys")) one.hidden = false;
  document.querySelector(".apply").hidden = true; // it applies by itself
}

/** Move among the events: by so many from the one that has the focus, or to the first or last. */
function go(by, from) {
  const events = [...document.querySelectorAll("#results .event")];
  const at = from ?? events.indexOf(document.activeElement?.closest?.(".event"));
  const next = events[Math.max(0, Math.min(events.length - 1, at + by))];
  next?.focus();
  return Boolean(next);
}

/** Open the page of the event that has the focus. */
function visit() {
  const event = document.activeElement;
  if (!event?.matches(".event")) return false;
  event.querySelector("h3 a").click();
  return true;
}

function search() {
  form.elements.q.focus();
  return true;
}

// What a key does; each tells whether it did.
const KEYS = {
  j: () => go(1),
  k: () => go(-1),
  Home: () => go(0, 0),
  End: () => go(0, Infinity),
  Enter: visit,
  "/": search,
};

document.addEventListener("keydown", (event) => {
  const busy = event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented;
  if (busy || event.target.closest("input, select, textarea, [contenteditable]")) return;
  if (Object.hasOwn(KEYS, event.key) && KEYS[event.key]()) event.preventDefault();
});

/** Show what the form asks for, unless it is shown. */
function ask(steps) {
  clearTimeout(typing);
  const url = wanted();
  if (url === shown) return;
  show(url, steps, new Map(fields().map((field) => [field, field.value])));
}

form.addEventListener("input", ({ target: { name, value } }) => {
  clearTimeout(typing);
  // A date is waited for until it is one; what is wrong with it is told when it is left.
  if (!TYPED.includes(name) || (name !== "q" && !DATE.test(value))) return;
  // What is typed into a field is one step in the history, however many letters it has.
  const letters = (url) => history[history.state === name ? "replaceState" : "pushState"](name, "", url);
  typing = setTimeout(() => ask(letters), 300);
});

form.addEventListener("change", ({ target: { name } }) => {
  if (history.state === name) {
    ask((url) => history.replaceState(null, "", url));
    history.replaceState(null, "");
  } else {
    ask(step);
  }
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask(step);
});

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-live-link]");
  const plain = !(event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (link && plain) {
    event.preventDefault();
    const turns = link.closest(".pages, .event");
    if ((await show(link.href, step)) && turns) {
      document.querySelector(".found").scrollIntoView();
      document.querySelector("#results").focus({ preventScroll: true });
    }
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) tell(copy, await copied(copy.dataset.copy));
});

/** Copy a text; give whether that could be done, which browsers allow over TLS alone. */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Say that it was copied, or give it to be copied by hand. */
function tell(button, done) {
  const place = button.parentElement.querySelector("[data-copied]");
  place.textContent = done ? "Copied." : button.dataset.copy;
}

addEventListener("popstate", () => {
  history.replaceState(null, ""); // what is typed from here on is a step of its own
  if (here() !== shown) show(here());
});

offer();
