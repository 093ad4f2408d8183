/**
 * Kills a server whose projections emit, again and again on one directory. Each emitted event is
 * there exactly once, in order, and the states are those of a clean fold.
 * `npm run torture:projections` does it a hundred times.
 */
import { randomInt } from "node:crypto";
import { newDirectory, removeDirectories, type Server, startServer } from "../cli/varve.ts";
import { type Ask, ask, type Json, type Reply } from "../http/ask.ts";
import { Asker } from "../http/projections/asker.ts";

const KILLS = Number(process.env.VARVE_KILLS ?? 2);
const KEYS = 7;

const SUMS = `fromCategory('source').partitionBy((e) => 'k' + e.data.key).when({
	$init() { return { n: 0, sum: 0 }; },
	Added(state, event) {
		state.n++;
		state.sum += event.data.by;
		emit('sums-' + event.data.key, 'Sum', { n: state.n, sum: state.sum });
		emit('all', 'Seen', { id: event.data.id });
		linkTo('links', event);
	},
}).outputState()`;
/** Reads what the other one emits. */
const SEEN = `fromStream('all').when({
	$init() { return { seen: 0 }; },
	Seen(state) { state.seen++; if (state.seen % 10 === 0) emit('tens', 'Ten', { seen: state.seen }); },
})`;

type Added = { readonly id: number; readonly key: number; readonly by: number };

afterAll(removeDirectories);

test("kills neither lose nor double what projections emit, and their states are those of a clean fold", async () => {
	const data = newDirectory();
	let server = await start(data);
	const asker = new Asker({ ask: (request: Ask): Promise<Reply> => ask(portOf(server), request) });
	const config = { emit: "yes", trackemittedstreams: "yes" };
	await asker.create("continuous", { name: "sums", ...config }, SUMS);
	await asker.create("continuous", { name: "seen", ...config }, SEEN);
	const added: Added[] = [];

	/** Appends until the server is gone; an append without an answer is sent again later. */
	const add = async (rounds: number) => {
		for (let round = 0; round < rounds; round++) {
			const batch = Array.from({ length: 1 + randomInt(20) }, (_, at) => {
				return { id: added.length + at, key: randomInt(KEYS), by: randomInt(100) };
			});
			added.push(...batch);
			await asker.append(`source-${randomInt(3)}`, "Added", ...batch);
		}
	};

	for (let kill = 0; kill < KILLS; kill++) {
		await add(10 + randomInt(20));
		await new Promise((resolve) => setTimeout(resolve, randomInt(700)));
		await server.stop("SIGKILL");
		server = await start(data);
	}
	await asker.atHead("sums");
	await asker.atHead("seen");

	const sums = (await asker.events("$ce-source", true)).map(({ data: text, ...event }) => ({
		...event,
		...(JSON.parse(String(text)) as Added),
	}));
	expect(sums.map(({ id }) => id).sort((a, b) => a - b)).toEqual(added.map(({ id }) => id));
	const dataOf = async (stream: string) =>
		(await asker.events(stream)).map(({ data: text }) => JSON.parse(String(text)) as Json);
	for (let key = 0; key < KEYS; key++) {
		const folded: { n: number; sum: number }[] = [];
		for (const one of sums.filter((each) => each.key === key)) {
			const { n, sum } = folded.at(-1) ?? { n: 0, sum: 0 };
			folded.push({ n: n + 1, sum: sum + one.by });
		}
		expect(await dataOf(`sums-${key}`)).toEqual(folded);
		expect(await dataOf(`$projections-sums-k${key}-result`)).toEqual(folded);
		expect(await asker.state("sums", `?partition=k${key}`)).toEqual(folded.at(-1));
	}
	expect(await dataOf("all")).toEqual(sums.map(({ id }) => ({ id })));
	expect(await asker.events("links")).toHaveLength(sums.length);
	const linked = (await asker.events("links", true)).map(({ data: text }) => {
		return (JSON.parse(String(text)) as Added).id;
	});
	expect(linked).toEqual(sums.map(({ id }) => id));
	const { seen } = (await asker.state("seen")) as { seen: number };
	expect(seen).toBe(sums.length);
	expect(await dataOf("tens")).toHaveLength(Math.floor(sums.length / 10));
	await server.stop();
}, 600_000);

function start(data: string): Promise<Server> {
	return startServer(data, undefined, ["--insecure-defaults"]);
}

function portOf({ url }: Server): number {
	return Number(new URL(url).port);
}
