/** Which events random selectors give to a script, and in which order: against the rules. */
import { randomUUID } from "node:crypto";
import { Chance } from "../../projections/script/programs.ts";
import type { Json } from "../ask.ts";
import { type Servers, startServers } from "../harness.ts";
import { Asker } from "./asker.ts";

const SEED = Number(process.env.VARVE_SEED ?? Date.now() % 1e9);
const APPENDS = 40;
const SELECTORS = 16;
const STREAMS = ["a-1", "a-2", "b-1", "b-x-2", "plain", "links-1"];

let servers: Servers;
let admin: Asker;
beforeAll(async () => {
	servers = await startServers({ insecureDefaults: true });
	admin = new Asker(servers);
});
afterAll(() => servers.close());

/** What stands in a stream: an event, or a link to one. */
type Entry = { readonly stream: string; readonly event: Event; readonly isLink: boolean };
type Event = { readonly name: string; readonly type: string };

async function appendSome(chance: Chance): Promise<Entry[]> {
	const entries: Entry[] = [];
	const lengths = new Map<string, number>();
	for (let at = 0; at < APPENDS; at++) {
		const linked = chance.below(4) === 0 ? entries[chance.below(entries.length || 1)] : undefined;
		const stream = linked ? "links-1" : chance.of(STREAMS);
		const number = lengths.get(stream) ?? 0;
		lengths.set(stream, number + 1);
		if (linked) {
			await link(linked.event.name);
			entries.push({ stream, event: linked.event, isLink: true });
		} else {
			const type = chance.of(["X", "Y", "Z"]);
			await admin.append(stream, type, { at });
			entries.push({ stream, event: { name: `${number}@${stream}`, type }, isLink: false });
		}
	}
	return entries;
}

async function link(to: string): Promise<void> {
	const events = [{ eventId: randomUUID(), eventType: "$>", data: to }];
	const { status } = await admin.ask("POST", "/streams/links-1", JSON.stringify(events), {
		"Content-Type": "application/vnd.eventstore.events+json",
	});
	expect(status).toBe(201);
}

type Selector = { readonly text: string; takes(entry: Entry): boolean };

function randomSelector(chance: Chance): Selector {
	const [one, other] = [chance.of(STREAMS), chance.of(STREAMS)];
	// The index of a category leads to its events; links to others are no events of it.
	const isIn =
		(category: string) =>
		({ stream, isLink }: Entry) =>
			stream.startsWith(`${category}-`) && !isLink;
	return chance.of<Selector>([
		{ text: "fromAll()", takes: ({ isLink }) => !isLink },
		{ text: "options({ $includeLinks: true }); fromAll()", takes: () => true },
		{ text: `fromStream('${one}')`, takes: ({ stream }) => stream === one },
		{
			text: `fromStreams(['${one}', '${other}'])`,
			takes: ({ stream }) => stream === one || stream === other,
		},
		{ text: "fromCategory('b')", takes: isIn("b") },
		{
			text: "fromCategories('b', 'links')",
			takes: (entry) => isIn("b")(entry) || isIn("links")(entry),
		},
		{
			text: "fromStreams('a-1', '$ce-a', '$et-Y')",
			takes: (entry) => isIn("a")(entry) || (entry.event.type === "Y" && !entry.isLink),
		},
	]);
}

test(`a script sees what its selector and its handlers say, in the order of the log (VARVE_SEED=${SEED})`, async () => {
	const chance = new Chance(SEED);
	const entries = await appendSome(chance);
	for (let at = 0; at < SELECTORS; at++) {
		const { text, takes } = randomSelector(chance);
		const types = chance.of([["$any"], ["X"], ["X", "Y"], ["Y", "$any"]]);
		const see = "(s, e) { s.seen.push(e.sequenceNumber + '@' + e.streamId); }";
		const handlers = types.map((type) => `${type}${see}`).join(", ");
		// Events come in that order in any case: these options ask for no more.
		const order = chance.of(["", "options({ reorderEvents: true, processingLag: 500 });"]);
		const query = `${order} ${text}.when({ $init: () => ({ seen: [] }), ${handlers} })`;
		const expected = entries
			.filter((entry) => takes(entry))
			.filter(({ event }) => types.includes("$any") || types.includes(event.type))
			.map(({ event }) => event.name);
		expect({ query, seen: await seenBy(query) }).toEqual({ query, seen: expected });
	}
});

async function seenBy(query: string): Promise<unknown> {
	const { text } = await admin.ask("POST", "/search", query, { Accept: "application/x-ndjson" });
	const lines = text
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line) as Json);
	expect(lines.at(-1)?.end).toMatchObject({ reason: "completed" });
	const states = lines.flatMap(({ state }) => (state ? [state as { state: Json }] : []));
	return states.at(-1)?.state.seen ?? [];
}
