// Functions that read the entries of a widget: [text, first day, last day, group] for each event.

const frame = () => new Promise(requestAnimationFrame);

/** Return the day of a time in the time zone of the page. */
const dayOf = (time) => {
  const date = new Date(time);
  const [year, month, day] = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return [String(year).padStart(4, "0"), ...[month, day].map((part) => String(part).padStart(2, "0"))].join("-");
};

const HALF_A_DAY = 12 * 60 * 60 * 1000;

/** Return the day whose midnight is nearest, because positions on the screen are rounded. */
const nearestDay = (time) => dayOf(Number(time) + HALF_A_DAY);

/** TimelineJS: the positions of the markers on the axis. The text is the date and headline of the slide. */
function timelinejs() {
  const { _earliest, _pixels_per_milli } = timeline._timenav.timescale ?? {};
  // Positions are read from the styles, because the elements are still moving.
  const groups = [...document.querySelectorAll(".tl-timegroup")];
  const isInRow = (marker) => ({ style: { top, height } }) =>
    parseFloat(top) <= parseFloat(marker.style.top) && parseFloat(marker.style.top) < parseFloat(top) + parseFloat(height);
  return [...document.querySelectorAll(".tl-timemarker")].map((marker) => {
    const slide = document.getElementById(marker.id.replace(/-marker$/, ""));
    const [date, headline] = [".tl-headline-date", ".tl-headline"].map((part) => slide.querySelector(part).innerText);
    const { left, width } = marker.style;
    const at = (pixels) => nearestDay(_earliest + pixels / _pixels_per_milli);
    const start = parseFloat(left);
    const group = groups.findLast(isInRow(marker))?.innerText ?? "";
    return [`${date}: ${headline}`, at(start), at(start + (parseFloat(width) || 0)), group];
  });
}

/** vis-timeline: the edges of the boxes and the centres of the dots. A box ends at the next midnight. */
async function vis() {
  const chart = await timeline;
  chart.redraw();
  await frame();
  await frame();
  const { left } = document.querySelector(".vis-panel.vis-center").getBoundingClientRect();
  const labels = [...document.querySelectorAll(".vis-label")];
  return [...document.querySelectorAll(".vis-foreground .vis-item:has(> .vis-item-content, .vis-item-overflow)")].map((item) => {
    const text = item.querySelector(".vis-item-content").innerText;
    const dot = item.querySelector(".vis-dot")?.getBoundingClientRect();
    const box = item.getBoundingClientRect();
    const at = (pixels) => Number(chart.body.util.toTime(pixels - left));
    const start = dot ? dot.left + dot.width / 2 : box.left;
    const last = dot ? at(start) : at(box.right) - 2 * HALF_A_DAY;
    const isInRow = ({ top, bottom }) => top <= box.top && box.bottom <= bottom;
    const group = labels.find((label) => isInRow(label.getBoundingClientRect()))?.innerText ?? "";
    return [text, nearestDay(at(start)), nearestDay(last), group];
  });
}

/** Calendars: the days that an entry covers, in several months. */
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

/** Return the text of an element in its visual order, which differs with right-to-left text. */
function visualText(element) {
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

/** Return whether a part of a text is hidden. */
const isClipped = ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth;
