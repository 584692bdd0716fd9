/** Asks a timeline by way of openapi-fetch, whose types openapi-typescript makes. */

import createClient from "openapi-fetch";

import type { components, paths } from "./schema.js";

type Event = components["schemas"]["Event"];

const DAY = 86_400_000;

const api = createClient<paths>({ baseUrl: process.argv[2] ?? "http://localhost:8000" });

/** All events, page after page: an answer without `next` is the last. */
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

// What is reported of either company from November 2021 on, newest first?
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

// One event. What is not known is absent: a date may be open at either end.
const visit = await api.GET("/events/{id}", { params: { path: { id: "biden-visits-israel" } } });
if (visit.error) throw new Error(visit.error.detail);
const { date, citations, place, summary, amount } = visit.data;
if (date.earliest === undefined || date.latest === undefined) throw new Error("its date is open");

// A mistake is told as a problem, of one shape everywhere.
const missing = await api.GET("/events/{id}", { params: { path: { id: "no-such-event" } } });
const refused = await api.GET("/events", { params: { query: { from: "2021-13" } } });
if (!missing.error || !refused.error) throw new Error("a mistake went unnoticed");

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
    refused: {
      status: refused.error.status,
      parameter: refused.error.errors[0]?.parameter,
      detail: refused.error.errors[0]?.detail,
    },
    csv: { header: lines[0], lines: lines.length },
  }),
);
