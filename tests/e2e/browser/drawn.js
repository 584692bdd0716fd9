// What the widgets have drawn, read from the page: [text, first day, last day, group] of each event.

const frame = () => new Promise(requestAnimationFrame);

/** A time as the day that it has in the page's own time zone. */
const dayOf = (time) => {
  const date = new Date(time);
  const [year, month, day] = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return [String(year).padStart(4, "0"), ...[month, day].map((part) => String(part).padStart(2, "0"))].join("-");
};

const HALF_A_DAY = 12 * 60 * 60 * 1000;

/** The day whose midnight is nearest, since places on the screen are rounded. */
const nearestDay = (time) => dayOf(Number(time) + HALF_A_DAY);

/** TimelineJS: the markers' places on its axis; the text is the slide's date, then its headline. */
function timelinejs() {
  const { _earliest, _pixels_per_milli } = timeline._timenav.timescale ?? {};
  // What the styles say, since places are still moving.
  const groups = [...document.querySelectorAll(".tl-timegroup")];
  const isBeside = (marker) => ({ style: { top, height } }) =>
    parseFloat(top) <= parseFloat(marker.style.top) && parseFloat(marker.style.top) < parseFloat(top) + parseFloat(height);
  return [...document.querySelectorAll(".tl-timemarker")].map((marker) => {
    const slide = document.getElementById(marker.id.replace(/-marker$/, ""));
    const [date, headline] = [".tl-headline-date", ".tl-headline"].map((part) => slide.querySelector(part).innerText);
    const { left, width } = marker.style;
    const at = (pixels) => nearestDay(_earliest + pixels / _pixels_per_milli);
    const start = parseFloat(left);
    const group = groups.findLast(isBeside(marker))?.innerText ?? "";
    return [`${date}: ${headline}`, at(start), at(start + (parseFloat(width) || 0)), group];
  });
}

/** vis-timeline: the boxes' edges and the dots' middles; the end of a box is the midnight after. */
async function vis() {
  const drawing = await timeline;
  drawing.redraw();
  await frame();
  await frame();
  const { left } = document.querySelector(".vis-panel.vis-center").getBoundingClientRect();
  const labels = [...document.querySelectorAll(".vis-label")];
  return [...document.querySelectorAll(".vis-foreground .vis-item:has(> .vis-item-content, .vis-item-overflow)")].map((item) => {
    const text = item.querySelector(".vis-item-content").innerText;
    const dot = item.querySelector(".vis-dot")?.getBoundingClientRect();
    const box = item.getBoundingClientRect();
    const at = (pixels) => Number(drawing.body.util.toTime(pixels - left));
    const start = dot ? dot.left + dot.width / 2 : box.left;
    const last = dot ? at(start) : at(box.right) - 2 * HALF_A_DAY;
    const isBeside = ({ top, bottom }) => top <= box.top && box.bottom <= bottom;
    const group = labels.find((label) => isBeside(label.getBoundingClientRect()))?.innerText ?? "";
    return [text, nearestDay(at(start)), nearestDay(last), group];
  });
}

/** A calendar: the days on which an entry lies, over all the months. */
async function calendarDays(months, show, entries, textOf, cells, dateOf) {
  const days = new Map();
  for (const month of months) {
    await new Promise((done) => {
      calendar.setOption("loading", (busy) => busy || done());
      show(month);
      calendar.refetchEvents();
    });
    await frame();
    await frame();
    const grid = [...document.querySelectorAll(cells)].map((cell) => [dateOf(cell), cell.getBoundingClientRect()]);
    for (const entry of document.querySelectorAll(entries)) {
      const { left, right, top, bottom } = entry.getBoundingClientRect();
      const under = ([, cell]) =>
        cell.top <= (top + bottom) / 2 && (top + bottom) / 2 <= cell.bottom &&
        left <= (cell.left + cell.right) / 2 && (cell.left + cell.right) / 2 <= right;
      const text = textOf(entry);
      days.set(text, [...(days.get(text) ?? []), ...grid.filter(under).map(([date]) => date)]);
    }
  }
  return [...days].map(([text, dates]) => [text, dates.sort()[0], dates.sort().at(-1), ""]);
}

const fullcalendar = (months) =>
  calendarDays(
    months, (month) => calendar.gotoDate(month), ".fc-event", (entry) => entry.innerText, ".fc-daygrid-day",
    (cell) => cell.dataset.date,
  );

const eventcalendar = (months) =>
  calendarDays(
    months, (month) => calendar.setOption("date", month), ".ec-event", (entry) => entry.innerText, ".ec-day",
    (cell) => cell.querySelector("time").dateTime,
  );

/** The characters of an element in the order in which they stand on the screen. */
function asSeen(element) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const places = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (let at = 0; at < node.length; at++) {
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      const [place] = range.getClientRects();
      if (place?.width) places.push([place.top, place.left, node.data[at]]);
    }
  }
  places.sort(([top, left], [otherTop, otherLeft]) => top - otherTop || left - otherLeft);
  return places.map(([, , character]) => character).join("");
}

/** Whether some of a text is hidden. */
const isCut = ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth;
