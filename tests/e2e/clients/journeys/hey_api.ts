/** Queries a server with the client of @hey-api/openapi-ts: a function for each operation. */

import { client } from "./client/client.gen.js";
import { type Event, getEvent, listEvents, listEventsAsCsv } from "./client/index.js";

const DAY = 86_400_000;

client.setConfig({ baseUrl: process.argv[2] ?? "http://localhost:8000" });

/** Yields all events, page by page: the last page has no `next`. */
async function* allEvents(): AsyncGenerator<Event> {
  let cursor: string | undefined;
  do {
    const { data } = await listEvents({ query: { limit: 5, cursor }, throwOnError: true });
    yield* data.items;
    cursor = data.next;
  } while (cursor !== undefined);
}

// Events of either company since November 2021 that are reported, latest first.
const filtered = await listEvents({
  query: {
    actor: ["nso-group", "candiru"],
    from: "2021-11",
    status: ["reported"],
    order: "desc",
  },
  throwOnError: true,
});

const paged: string[] = [];
for await (const event of allEvents()) paged.push(event.id);

// One event. An unknown value is absent: a date can be open at either end.
const visit = await getEvent({ path: { id: "biden-visits-israel" }, throwOnError: true });
const { date, citations, place, summary, amount } = visit.data;
if (date.earliest === undefined || date.latest === undefined) throw new Error("the date has an open end");

// All errors have the same shape. They are thrown only with `throwOnError`.
const missing = await getEvent({ path: { id: "no-such-event" } });
const rejected = await listEvents({ query: { from: "2021-13" } });
if (!missing.error || !rejected.error) throw new Error("an error was expected");

const csv = await listEventsAsCsv({ query: { actor: ["candiru"] }, throwOnError: true });
const lines = csv.data.split("\r\n");

console.log(
  JSON.stringify({
    filtered: filtered.data.items.map((event) => event.id),
    paged,
    event: {
      id: visit.data.id,
      edtf: date.edtf,
      earliest: date.earliest,
      days: (Date.parse(date.latest) - Date.parse(date.earliest)) / DAY + 1,
      place,
      quotes: citations.map(({ quote, source }) => [quote, source.publisher.name]),
    },
    absent: Object.entries({ summary, amount }).flatMap(([name, value]) =>
      value === undefined ? [name] : [],
    ),
    missing: { status: missing.error.status, detail: missing.error.detail },
    rejected: {
      status: rejected.error.status,
      parameter: rejected.error.errors[0]?.parameter,
      detail: rejected.error.errors[0]?.detail,
    },
    csv: { header: lines[0], lines: lines.length },
  }),
);
