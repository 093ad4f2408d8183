/**
 * Kills a server while a projection is reset, deleted with its streams, or given another query, also
 * beside the old one. In each epoch each event is emitted once, in order and without a gap, and at
 * the end its streams and states are those of a clean fold.
 * `npm run torture:projections` does it a hundred times.
 */
import { newDirectory, removeDirectories, type Server, startServer } from "../cli/varve.ts";
import { type Ask, ask, type Json, type Reply } from "../http/ask.ts";
import { until } from "../http/harness.ts";
import { Asker } from "../http/projections/asker.ts";
import { Chance } from "../projections/script/programs.ts";

const KILLS = Number(process.env.VARVE_KILLS ?? 2);
const SEED = Number(process.env.VARVE_SEED ?? Date.now() % 1e9);
const KEYS = 3;
const NAME = "sums";
const CONFIG = { emit: "yes", trackemittedstreams: "yes" };
const EVERYTHING = "deleteStateStream=yes&deleteCheckpointStream=yes&deleteEmittedStreams=yes";
const DEEDS = ["reset", "delete", "query", "beside"] as const;
type Deed = (typeof DEEDS)[number];

/** All queries make the same states, and each emits its number. */
const sums = (query: number) => `fromCategory('source').partitionBy((e) => 'k' + e.data.key).when({
	$init() { return { n: 0, sum: 0 }; },
	Added(state, event) {
		state.n++;
		state.sum += event.data.by;
		emit('sums-' + event.data.key, 'Sum', { n: state.n, sum: state.sum });
		emit('all', 'Seen', { id: event.data.id, query: ${query} });
		linkTo('links', event);
	},
}).outputState()`;

type Added = { readonly id: number; readonly key: number; readonly by: number };
type Line = {
	readonly stream: string;
	readonly position: number;
	readonly metadata?: { readonly $v?: string; readonly $c?: number };
};

const chance = new Chance(SEED);
const added: Added[] = [];
let server: Server;
let query = 1;
const asker = new Asker({ ask: (request: Ask): Promise<Reply> => ask(portOf(server), request) });

afterAll(removeDirectories);

test(`kills in the middle of changes leave each event emitted once an epoch (VARVE_SEED=${SEED})`, async () => {
	const data = newDirectory();
	server = await start(data);
	await create();
	for (let kill = 0; kill < KILLS; kill++) {
		await add(5 + chance.below(10));
		const deed = chance.of(DEEDS);
		const begun = begin(deed).catch(() => undefined);
		// Killed before it, in the middle of it, or in the work that it leaves behind.
		await new Promise((resolve) => setTimeout(resolve, chance.below(400)));
		await server.stop("SIGKILL");
		await begun;
		server = await start(data);
		if (deed === "delete") await deletedAndMadeAgain();
		// Not at each of them: a kill may meet what the one before has left.
		if (chance.below(3) === 0) await asker.atHead(NAME);
	}
	await add(3);
	await asker.atHead(NAME);
	await expectCleanFold();
	await expectOnceAnEpoch();
	await server.stop();
}, 1_200_000);

function create(): Promise<Reply> {
	return asker.create("continuous", { name: NAME, ...CONFIG }, sums(query));
}

async function add(rounds: number): Promise<void> {
	for (let round = 0; round < rounds; round++) {
		const batch = Array.from({ length: 1 + chance.below(20) }, (_, at) => {
			return { id: added.length + at, key: chance.below(KEYS), by: chance.below(100) };
		});
		added.push(...batch);
		await asker.append(`source-${chance.below(3)}`, "Added", ...batch);
	}
}

async function begin(deed: Deed): Promise<unknown> {
	switch (deed) {
		case "reset":
			return asker.ask("POST", `/projection/${NAME}/command/reset`);
		case "delete":
			await asker.ask("POST", `/projection/${NAME}/command/disable`);
			return asker.ask("DELETE", `/projection/${NAME}?${EVERYTHING}`);
		case "query":
			return asker.ask("PUT", `/projection/${NAME}/query`, sums(++query));
		case "beside":
			return asker.ask("PUT", `/projection/${NAME}/query?beside=yes`, sums(++query));
	}
}

/** A delete that got no answer is sent again, until the projection and its streams are gone. */
async function deletedAndMadeAgain(): Promise<void> {
	await until(async () => {
		await begin("delete");
		return (await asker.ask("GET", `/projection/${NAME}`)).status === 404;
	});
	const shown = ["all", "links", "$projections-sums-checkpoint", "$projections-sums-k0-result"];
	for (const stream of shown) expect([stream, await asker.events(stream)]).toEqual([stream, []]);
	expect((await create()).status).toBe(201);
}

async function expectCleanFold(): Promise<void> {
	const events = await readAs<Added>("$ce-source", true);
	expect(events.map(({ id }) => id).sort((a, b) => a - b)).toEqual(added.map(({ id }) => id));
	for (let key = 0; key < KEYS; key++) {
		const folded: { n: number; sum: number }[] = [];
		for (const { by } of events.filter((one) => one.key === key)) {
			const { n, sum } = folded.at(-1) ?? { n: 0, sum: 0 };
			folded.push({ n: n + 1, sum: sum + by });
		}
		expect(await readAs(`sums-${key}`)).toEqual(folded);
		expect(await readAs(`$projections-sums-k${key}-result`)).toEqual(folded);
		expect(await asker.state(NAME, `?partition=k${key}`)).toEqual(folded.at(-1));
	}
	const seen = await readAs<{ id: number; query: number }>("all");
	expect(seen.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
	expect((await readAs<Added>("links", true)).map(({ id }) => id)).toEqual(
		events.map(({ id }) => id),
	);
}

/** Looks at the log, which shows what resets and deletes have hidden as well. */
async function expectOnceAnEpoch(): Promise<void> {
	const lines = await wholeLog();
	const sources = lines.filter(({ stream }) => stream.startsWith("source-"));
	const positions = sources.map(({ position }) => position);
	const byEpoch = new Map<string, number[]>();
	for (const { stream, metadata } of lines) {
		if (stream !== "all" && stream !== "links") continue;
		const epoch = `${stream} ${String(metadata?.$v).split(":").slice(0, 2)}`;
		byEpoch.set(epoch, [...(byEpoch.get(epoch) ?? []), Number(metadata?.$c)]);
	}
	for (const [epoch, causes] of byEpoch) {
		expect([epoch, causes]).toEqual([epoch, positions.slice(0, causes.length)]);
	}
}

async function wholeLog(): Promise<Line[]> {
	const lines: Line[] = [];
	for (;;) {
		const from = lines.length.toString(16).toUpperCase().padStart(16, "0").repeat(2);
		const path = `/streams/%24all/${from}/forward/1000`;
		const accept = { Accept: "application/vnd.varve.events+ndjson" };
		const { status, text } = await asker.ask("GET", path, undefined, accept);
		if (status !== 200) throw new Error(text);
		const more = text.split("\n").filter((line) => line !== "");
		lines.push(...more.map((line) => JSON.parse(line) as Line));
		if (more.length < 1000) return lines.sort((a, b) => a.position - b.position);
	}
}

async function readAs<T>(stream: string, resolves = false): Promise<T[]> {
	const events: Json[] = await asker.events(stream, resolves);
	return events.map(({ data }) => JSON.parse(String(data)) as T);
}

function start(data: string): Promise<Server> {
	return startServer(data, undefined, ["--insecure-defaults"]);
}

function portOf({ url }: Server): number {
	return Number(new URL(url).port);
}
