// Filters the timeline in place, with the state in the URL. The server renders everything, so that a
// page that was filtered in place equals the page that its URL opens.

const form = document.querySelector("#filters");
const TEXT_FIELDS = ["q", "from", "to"];
const DATE = /^(\d{4}(-\d\d){0,2})?$/;
const LINKS = "link:is([rel=canonical], [rel=alternate])";
const TYPING_DELAY = 300; // milliseconds
let request = new AbortController();
let shownUrl = currentUrl();
let typingTimer;

function currentUrl() {
  return location.href.split("#")[0];
}

/** Return the URL of the filters in the form, without empty fields. */
function formUrl() {
  const pairs = [...new FormData(form)].filter(([, value]) => value.trim());
  const query = new URLSearchParams(pairs).toString();
  return form.action + (query && `?${query}`);
}

/** Return the fields that stay when the page changes; the server renders the others each time. */
function fixedFields() {
  return [...form.querySelectorAll(".fields :is(input, select)")];
}

/**
 * Load a URL into the page, and return whether that succeeded.
 * `addToHistory` receives the URL. `valuesBefore` are the values of the fields when loading began.
 */
async function show(url, addToHistory, valuesBefore) {
  // Only the last request counts: an older response must not replace a newer one.
  request.abort();
  request = new AbortController();
  const { signal } = request;
  document.body.classList.add("loading");
  try {
    const response = await fetch(url, { headers: { Accept: "text/html" }, signal });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (signal.aborted) return false;
    // A proxy or a login page can respond instead of this server.
    if (!page.getElementById("error")) throw new Error(response.statusText);
    if (response.ok) addToHistory?.(url);
    shownUrl = url;
    replaceContent(page, valuesBefore);
    return response.ok;
  } catch (error) {
    if (error.name !== "AbortError") {
      document.querySelector("#error").textContent = "The timeline cannot be loaded. Please try again later.";
    }
    return false;
  } finally {
    if (!signal.aborted) document.body.classList.remove("loading");
  }
}

function pushUrl(url) {
  history.pushState(null, "", url);
}

/** Replace the content by that of another page. Text typed while that page was loading stays. */
function replaceContent(page, valuesBefore) {
  const focusedId = document.activeElement?.id;
  const openIds = [...document.querySelectorAll("details[open]")].map((details) => details.id);
  if (page.body.classList.contains("timeline")) {
    document.title = page.title;
    for (const link of document.head.querySelectorAll(LINKS)) link.remove();
    document.head.append(...page.head.querySelectorAll(LINKS));
    for (const field of fixedFields()) {
      const isEdited =
        valuesBefore && (field === document.activeElement || field.value !== valuesBefore.get(field));
      if (!isEdited) field.value = page.getElementById(field.id).value;
    }
  }
  for (const part of document.querySelectorAll("[data-live]")) {
    const newPart = page.getElementById(part.id);
    if (!newPart) continue;
    // The element itself stays: screen readers announce a change only in a live region that existed.
    if (part.dir !== newPart.dir) part.dir = newPart.dir;
    part.replaceChildren(...newPart.childNodes);
  }
  for (const id of openIds) document.getElementById(id)?.setAttribute("open", "");
  if (focusedId && focusedId !== document.activeElement?.id) document.getElementById(focusedId)?.focus();
  enhance();
}

/** Show the controls that need JavaScript, and hide the button that it makes unnecessary. */
function enhance() {
  for (const element of document.querySelectorAll(".copy, .keys")) element.hidden = false;
  document.querySelector(".apply").hidden = true;
}

/** Move the focus by a number of events, from the focused one or from `start`. */
function moveFocus(offset, start) {
  const events = [...document.querySelectorAll("#results .event")];
  const index = start ?? events.indexOf(document.activeElement?.closest?.(".event"));
  const event = events[Math.max(0, Math.min(events.length - 1, index + offset))];
  event?.focus();
  return Boolean(event);
}

/** Open the page of the focused event. */
function openEvent() {
  const event = document.activeElement;
  if (!event?.matches(".event")) return false;
  event.querySelector("h3 a").click();
  return true;
}

function focusSearch() {
  form.elements.q.focus();
  return true;
}

// Each function returns whether it handled the key.
const KEYS = {
  j: () => moveFocus(1),
  k: () => moveFocus(-1),
  Home: () => moveFocus(0, 0),
  End: () => moveFocus(0, Infinity),
  Enter: openEvent,
  "/": focusSearch,
};

document.addEventListener("keydown", (event) => {
  const isTaken = event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented;
  if (isTaken || event.target.closest("input, select, textarea, [contenteditable]")) return;
  if (Object.hasOwn(KEYS, event.key) && KEYS[event.key]()) event.preventDefault();
});

/** Show the selection of the form, unless it is shown already. */
function applyFilters(addToHistory) {
  clearTimeout(typingTimer);
  const url = formUrl();
  if (url === shownUrl) return;
  show(url, addToHistory, new Map(fixedFields().map((field) => [field, field.value])));
}

form.addEventListener("input", ({ target: { name, value } }) => {
  clearTimeout(typingTimer);
  // Half a date is no error: `change` follows when the reader leaves the field.
  if (!TEXT_FIELDS.includes(name) || (name !== "q" && !DATE.test(value))) return;
  // All that is typed into a field is one entry of the history, not one for each letter.
  const addTyped = (url) => history[history.state === name ? "replaceState" : "pushState"](name, "", url);
  typingTimer = setTimeout(() => applyFilters(addTyped), TYPING_DELAY);
});

form.addEventListener("change", ({ target: { name } }) => {
  if (history.state === name) {
    applyFilters((url) => history.replaceState(null, "", url));
    history.replaceState(null, "");
  } else {
    applyFilters(pushUrl);
  }
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  applyFilters(pushUrl);
});

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-live-link]");
  // With another button or a modifier key, the browser opens a tab or a window.
  const isPlain = !(event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (link && isPlain) {
    event.preventDefault();
    const isNewList = link.closest(".pages, .event");
    if ((await show(link.href, pushUrl)) && isNewList) {
      document.querySelector(".summary-bar").scrollIntoView();
      document.querySelector("#results").focus({ preventScroll: true });
    }
  }
  const button = event.target.closest("[data-copy]");
  if (button) reportCopy(button, await copyText(button.dataset.copy));
});

/** Copy a text, and return whether that succeeded. Browsers allow it over HTTPS only. */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Report that the text was copied, or else show the text so that the reader can copy it. */
function reportCopy(button, isCopied) {
  const status = button.parentElement.querySelector("[data-copied]");
  status.textContent = isCopied ? "Copied." : button.dataset.copy;
}

addEventListener("popstate", () => {
  history.replaceState(null, ""); // text typed from here on is a new entry
  if (currentUrl() !== shownUrl) show(currentUrl());
});

enhance();
