// Makes the page live: filters in place, with the state in the URL. The server writes all that is
// shown, for every URL alike, so that a page that was come to is the same as one that was opened.

const form = document.querySelector("#filters");
const typed = ["q", "from", "to"];
const DATE = /^(\d{4}(-\d\d){0,2})?$/;
let asked = new AbortController();
let shown = location.href;
let typing;

/** Write the URL of what the form asks for, without what was left empty. */
function wanted() {
  const given = [...new FormData(form)].filter(([, value]) => value.trim());
  const query = new URLSearchParams(given).toString();
  return form.action + (query && `?${query}`);
}

/** Show a URL in place; `move` tells how it goes into the history, if at all, and `kept` which field
    somebody writes in. */
async function show(url, move, kept) {
  asked.abort();
  asked = new AbortController();
  const { signal } = asked;
  document.body.classList.add("waiting");
  try {
    const answer = await fetch(url, { headers: { Accept: "text/html" }, signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (signal.aborted) return false;
    if (move && answer.ok) history[move](null, "", url);
    shown = url;
    replaceWith(page, kept);
    return answer.ok;
  } catch (error) {
    if (error.name !== "AbortError") document.querySelector("#wrong").textContent = "The timeline cannot be reached just now.";
    return false;
  } finally {
    if (!signal.aborted) document.body.classList.remove("waiting");
  }
}

/** Put the parts of another page where those of this one are. */
function replaceWith(page, kept) {
  const focused = document.activeElement?.id;
  const opened = [...document.querySelectorAll("details[open]")].map((one) => one.id);
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = page.getElementById(part.id);
    if (other) part.replaceWith(document.adoptNode(other));
  }
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  for (const field of form.querySelectorAll(".fields input, .fields select")) {
    const other = page.getElementById(field.id);
    if (other && field !== kept) field.value = other.value;
  }
  if (focused && focused !== document.activeElement?.id) document.getElementById(focused)?.focus();
  if (page.getElementById("results")) document.title = page.title;
  offer();
}

/** Show what works with a script only, and hide what it makes needless. */
function offer() {
  for (const one of document.querySelectorAll(".copying, .keys")) one.hidden = false;
  document.querySelector(".apply").hidden = true; // it applies by itself
}

/** Move among the events: by so many from the one that has the focus, or to the first or last. */
function go(step, from) {
  const events = [...document.querySelectorAll("#results .event")];
  const at = from ?? events.indexOf(document.activeElement?.closest?.(".event"));
  const next = events[Math.max(0, Math.min(events.length - 1, at + step))];
  next?.focus();
  return Boolean(next);
}

const KEYS = {
  j: () => go(1),
  k: () => go(-1),
  Home: () => go(0, 0),
  End: () => go(0, Infinity),
  Enter: () => document.activeElement.matches(".event") && !document.activeElement.querySelector("h3 a").click(),
  "/": () => form.elements.q.focus() ?? true,
};

document.addEventListener("keydown", (event) => {
  const busy = event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented;
  if (busy || event.target.closest("input, select, textarea, [contenteditable]")) return;
  if (Object.hasOwn(KEYS, event.key) && KEYS[event.key]()) event.preventDefault();
});

/** Show what the form asks for, unless it is shown; `same` adds no step to the history. */
function ask(same) {
  clearTimeout(typing);
  const url = wanted();
  if (url !== shown) show(url, same ? "replaceState" : "pushState", document.activeElement);
}

form.addEventListener("input", ({ target }) => {
  clearTimeout(typing);
  // A date is waited for until it is one; what is wrong with it is told when it is left.
  if (!typed.includes(target.name) || (target.name !== "q" && !DATE.test(target.value))) return;
  typing = setTimeout(() => {
    // What is typed is one step in the history, however many letters it has.
    ask(target.dataset.asked);
    target.dataset.asked = "yes";
  }, 300);
});

form.addEventListener("change", ({ target }) => {
  ask(target.dataset.asked);
  delete target.dataset.asked;
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-live-link]");
  const plain = !(event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (link && plain) {
    event.preventDefault();
    const turns = link.closest(".pages, .event");
    if ((await show(link.href, "pushState")) && turns) {
      document.querySelector("#found").scrollIntoView();
      document.querySelector("#results").focus({ preventScroll: true });
    }
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) tell(copy, await copied(copy.dataset.copy));
});

/** Copy a text; give whether it could be. Only pages that were come to safely may. */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function tell(button, done) {
  button.parentElement.querySelector("[data-copied]").textContent = done ? "Copied." : button.dataset.copy;
}

addEventListener("popstate", () => show(location.href));

offer();
