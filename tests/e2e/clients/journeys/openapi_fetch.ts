/** Queries a server with openapi-fetch and the types of openapi-typescript. */

import createClient from "openapi-fetch";

import type { components, paths } from "./schema.js";

type Event = components["schemas"]["Event"];

const DAY = 86_400_000;

const api = createClient<paths>({ baseUrl: process.argv[2] ?? "http://localhost:8000" });

/** Yields all events, page by page: the last page has no `next`. */
async function* allEvents(): AsyncGenerator<Event> {
  let cursor: string | undefined;
  do {
    const { data, error } = await api.GET("/events", {
      params: { query: { limit: 5, ...(cursor !== undefined && { cursor }) } },
    });
    if (error) throw new Error(error.detail);
    yield* data.items;
    cursor = data.next;
  } while (cursor !== undefined);
}

// Events of either company since November 2021 that are reported, latest first.
const filtered = await api.GET("/events", {
  params: {
    query: {
      actor: ["nso-group", "candiru"],
      from: "2021-11",
      status: ["reported"],
      order: "desc",
    },
  },
});
if (filtered.error) throw new Error(filtered.error.detail);

const paged: string[] = [];
for await (const event of allEvents()) paged.push(event.id);

// One event. An unknown value is absent: a date can be open at either end.
const visit = await api.GET("/events/{id}", { params: { path: { id: "biden-visits-israel" } } });
if (visit.error) throw new Error(visit.error.detail);
const { date, citations, place, summary, amount } = visit.data;
if (date.earliest === undefined || date.latest === undefined) throw new Error("the date has an open end");

// All errors have the same shape.
const missing = await api.GET("/events/{id}", { params: { path: { id: "no-such-event" } } });
const rejected = await api.GET("/events", { params: { query: { from: "2021-13" } } });
if (!missing.error || !rejected.error) throw new Error("an error was expected");

const csv = await api.GET("/events.csv", {
  params: { query: { actor: ["candiru"] } },
  parseAs: "text",
});
if (csv.error) throw new Error(csv.error.detail);
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
