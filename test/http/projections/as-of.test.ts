/** States of the past, from the nearest step that is kept: the bytes of a replay of all events. */
import { randomUUID } from "node:crypto";
import { stateThen } from "../../../src/projections/asking/as-of.ts";
import { keptBefore } from "../../../src/projections/asking/kept-start.ts";
import { Replay } from "../../../src/projections/asking/replay.ts";
import { Chance } from "../../projections/script/programs.ts";
import type { Json } from "../ask.ts";
import { type Servers, startServers } from "../harness.ts";
import { Asker } from "./asker.ts";

const SEED = Number(process.env.VARVE_SEED ?? Date.now() % 1e9);
const ROUNDS = 4;
const EVENTS = 6;
const POINTS = 3;

let servers: Servers;
let admin: Asker;
beforeAll(async () => {
	servers = await startServers({ insecureDefaults: true, insecure: false });
	admin = new Asker(servers);
});
afterAll(() => servers.close());

const FOLD = `$init: () => ({ n: 0, list: [] }),
	A(s, e) { s.n += e.data.n; s.list.push(e.data.n); if (s.list.length > 5) s.list.shift(); }`;
const QUERIES: readonly (readonly [name: string, query: (category: string) => string])[] = [
	["one state", (c) => `fromCategory('${c}').when({ ${FOLD} })`],
	[
		"a state for each key",
		(c) =>
			`fromCategory('${c}').partitionBy(e => e.data.key).when({ ${FOLD} }).transformBy(s => ({ sum: s.n }))`,
	],
	[
		"a state for each stream",
		(c) => `fromCategory('${c}').foreachStream().when({ ${FOLD}, $deleted(s) { s.gone = true; } })`,
	],
	[
		"a state that all streams share",
		(c) => `fromCategory('${c}').foreachStream().when({
		$initShared: () => ({ all: 0 }),
		A([s, shared], e) { shared.all += e.data.n; s.seen = shared.all; return [s, shared]; } })`,
	],
];

function partsOf() {
	const { own, around } = servers.server.context.projections;
	return { own, scripts: around.scripts, rights: around.rights };
}

async function definitionOf(name: string) {
	return (await servers.server.context.projections.get(name)).definition;
}

/** The state and the result that all events before a position make, the first one included. */
async function replayed(name: string, before: number, partition: string) {
	const signal = new AbortController().signal;
	const replay = await Replay.open(partsOf(), await definitionOf(name), partition, signal);
	try {
		await replay.to(before);
		const { state, result } = await replay.look(partition);
		return { state, result };
	} finally {
		await replay.close();
	}
}

/** What the next events do; a query that is no projection runs from the first event on. */
async function stepsFrom(from: number, of: string | { query: string }): Promise<string> {
	const about = `steps?from=${from}&count=5`;
	const { status, text } = await (typeof of === "string"
		? admin.ask("GET", `/projection/${of}/${about}`)
		: admin.ask("POST", `/projections/${about}`, of.query));
	expect(status).toBe(200);
	return text;
}

async function appendSome(category: string, chance: Chance): Promise<number> {
	let last = 0;
	for (let at = 0; at < EVENTS; at++) {
		const stream = `${category}-${chance.below(3)}`;
		last = await admin.append(stream, "A", { n: chance.below(50), key: `k${chance.below(4)}` });
	}
	return last;
}

test.each(QUERIES)(
	`%s is the same from there as from the first event (VARVE_SEED=${SEED})`,
	async (_, query) => {
		const chance = new Chance(SEED);
		const category = `c${randomUUID().slice(0, 8)}`;
		const name = `projection-${category}`;
		let last = await appendSome(category, chance);
		await admin.made(name, query(category));
		const kept = () => admin.ask("GET", `/projection/${name}/partitions`);
		const check = async () => {
			const definition = await definitionOf(name);
			let begun = 0;
			for (let point = 0; point < POINTS; point++) {
				// In front of the last event, there is something that is kept.
				const before = last - (point === 0 ? 0 : chance.below(ROUNDS * EVENTS));
				const partition = chance.of(["", "k0", "k3", `${category}-1`, `${category}-2`]);
				const signal = new AbortController().signal;
				const then = await stateThen(partsOf(), definition, { before, partition }, signal);
				const { state, result } = then;
				const expected = await replayed(name, before, partition);
				expect({ before, partition, state, result }).toEqual({ before, partition, ...expected });
				if (await keptBefore(partsOf().own, definition, before)) begun++;
				expect(await stepsFrom(before, name)).toBe(await stepsFrom(before, definition));
			}
			return begun;
		};
		for (let round = 1; round < ROUNDS; round++) {
			await kept();
			last = await appendSome(category, chance);
			await admin.atHead(name);
		}
		expect(await check()).toBeGreaterThan(0);
		// What an earlier epoch has kept counts for nothing.
		await admin.ask("POST", `/projection/${name}/command/reset`);
		await admin.atHead(name);
		await kept();
		expect(await keptBefore(partsOf().own, await definitionOf(name), last - EVENTS)).toBe(
			undefined,
		);
		last = await appendSome(category, chance);
		await admin.atHead(name);
		expect(await check()).toBeGreaterThan(0);
	},
);

test("states that another query has made are no beginning", async () => {
	const category = `c${randomUUID().slice(0, 8)}`;
	const name = `projection-${category}`;
	const query = (step: number) =>
		`fromCategory('${category}').when({ $init: () => ({ n: 0 }), A(s) { s.n += ${step}; } })`;
	const first = await admin.append(`${category}-1`, "A", {});
	await admin.made(name, query(1));
	await admin.ask("GET", `/projection/${name}/partitions`);
	await admin.ask("PUT", `/projection/${name}/query`, query(10));
	const second = await admin.append(`${category}-1`, "A", {});
	await admin.atHead(name);
	await admin.ask("GET", `/projection/${name}/partitions`);
	const own = partsOf().own;
	expect(await keptBefore(own, await definitionOf(name), second + 1)).toBe(undefined);
	// Now it goes on with what was there; then it is what its query makes of all events.
	expect(await admin.state(name)).toEqual({ n: 11 });
	expect(await admin.state(name, `?as-of=@${first}`)).toEqual({ n: 10 });
	expect(await admin.state(name, `?as-of=@${second}`)).toEqual({ n: 20 });
});

test("a moment that was not reached has no state yet; what changes the past, changes its tag", async () => {
	const category = `c${randomUUID().slice(0, 8)}`;
	const name = `projection-${category}`;
	const position = await admin.append(`${category}-1`, "A", { n: 1 });
	await admin.made(name, `fromCategory('${category}').when({ ${FOLD} })`);
	const at = (moment: number, headers: object = {}) =>
		admin.ask("GET", `/projection/${name}/state?as-of=@${moment}`, undefined, headers);
	const beyond = await at(position + 1_000_000);
	expect([beyond.status, beyond.json.type]).toEqual([
		503,
		"urn:varve:problem:position-not-reached",
	]);
	const tag = String((await at(position)).headers.etag);
	expect((await at(position, { "If-None-Match": tag })).status).toBe(304);
	await admin.append(`${category}-1`, "A", { n: 1 });
	expect((await at(position, { "If-None-Match": tag })).status).toBe(304);
	await admin.ask("POST", `/streams/${category}-1/metadata`, '{"$tb":1}', {
		"Content-Type": "application/json",
		"ES-EventType": "$metadata",
		"ES-EventId": randomUUID(),
	});
	const hidden = await at(position, { "If-None-Match": tag });
	expect([hidden.status, hidden.headers.etag === tag]).toEqual([200, false]);
});

test("steps begin with the states that are kept, which know of events that are hidden now", async () => {
	const category = `c${randomUUID().slice(0, 8)}`;
	const name = `projection-${category}`;
	const query = `fromCategory('${category}').when({ ${FOLD} })`;
	await admin.append(`${category}-1`, "A", { n: 1 }, { n: 2 });
	await admin.made(name, query);
	await admin.ask("GET", `/projection/${name}/partitions`);
	const metadata = { $tb: 2 };
	await admin.append(`$$${category}-1`, "$metadata", metadata);
	const third = await admin.append(`${category}-1`, "A", { n: 4 });
	await admin.atHead(name);
	const after = (text: string) => (JSON.parse(text) as { steps: Json[] }).steps[0]?.after;
	expect(after(await stepsFrom(third, name))).toEqual({ n: 7, list: [1, 2, 4] });
	expect(after(await stepsFrom(third, { query }))).toEqual({ n: 4, list: [4] });
});
