/** Limits of projections: what goes over one is refused, or stops with a fault that names it. */
import { randomUUID } from "node:crypto";
import type { Json } from "../ask.ts";
import { type Servers, startServers, until } from "../harness.ts";
import { Asker } from "./asker.ts";

const PROJECTIONS_MAX = 8;
const MIB = 1024 * 1024;
/** Two of them fit into an answer, and the third ends it. */
const LARGE = 3 * MIB;

let servers: Servers;
let admin: Asker;
beforeAll(async () => {
	const settings = { insecureDefaults: true, insecure: false, projectionsMax: PROJECTIONS_MAX };
	servers = await startServers(settings);
	admin = new Asker(servers);
});
// The operator hears of projections that stop with a fault, and these are to.
afterEach(() => void servers.reported.splice(0));
afterAll(() => servers.close());

const newName = () => `limit-${randomUUID()}`;

test.each([
	["state-size", "s.text = 'x'.repeat(4 * 1024 * 1024);"],
	["emitted", "for (let i = 0; i <= 1000; i++) emit(OUT, 'T', { i });"],
	["log", "for (let i = 0; i <= 100; i++) log(i);"],
])(
	"an event that takes too much (%s) is a fault, and leaves nothing behind",
	async (kind, code) => {
		const name = newName();
		await admin.append(`source-${name}`, "A", {});
		const query = `fromStream('source-${name}').when({
		$init: () => ({ n: 0 }),
		A(s, e) { s.n++; if (s.n === 2) { ${code.replace("OUT", `'out-${name}'`)} } }
	})`;
		await admin.made(name, query, { emit: "yes" });
		await admin.append(`source-${name}`, "A", {});
		const standing = await until(async () => {
			const now = await admin.standing(name);
			return now.status === "Faulted (Enabled)" ? now : undefined;
		});
		expect(standing.fault).toMatchObject({ kind, event: { number: 1 } });
		expect(await admin.state(name)).toEqual({ n: 1 });
		expect(await admin.events(`out-${name}`)).toEqual([]);
	},
);

test("answers end early if they are large, and say where to go on", async () => {
	const name = newName();
	const stream = `source-${name}`;
	const large = (n: number) => ({ n, text: "x".repeat(LARGE) });
	for (let n = 0; n < 4; n++) await admin.append(stream, "A", large(n));
	const query = `fromStream('${stream}').partitionBy((e) => 'p' + e.data.n).when({
		A(s, e) { return { n: e.data.n, text: e.data.text }; }
	})`;
	await admin.made(name, query);
	const numbersOf = (list: unknown, of: (one: Json) => unknown) =>
		(list as Json[]).map((one) => (of(one) as { n: number }).n);

	const page = await until(async () => {
		const { json } = await admin.ask("GET", `/projection/${name}/partitions`);
		return json.total === 4 ? json : undefined;
	});
	expect(numbersOf(page.partitions, ({ state }) => state)).toEqual([0, 1, 2]);
	expect(page.next).toBe("p2");
	const rest = await admin.ask("GET", `/projection/${name}/partitions?after=${page.next}`);
	expect(numbersOf(rest.json.partitions, ({ state }) => state)).toEqual([3]);
	expect(rest.json).not.toHaveProperty("next");

	const steps = (from: unknown) => admin.ask("GET", `/projection/${name}/steps?from=${from}`);
	const shown = (await steps(0)).json;
	// The result of each is as long as its state.
	expect(numbersOf(shown.steps, ({ after }) => after)).toEqual([0, 1]);
	const more = (await steps(shown.next)).json;
	expect(numbersOf(more.steps, ({ after }) => after)).toEqual([2, 3]);
	expect(more).not.toHaveProperty("next");

	// Of events, as many come as are read at a time.
	const feed = { query: { streams: [stream], allEvents: true }, maxEvents: 1000 };
	await admin.append(stream, "B", ...Array.from({ length: 100 }, (_, n) => ({ n: n + 4 })));
	const read = async (position?: unknown) =>
		(await admin.ask("POST", "/projections/read-events", JSON.stringify({ ...feed, position })))
			.json;
	const first = await read();
	const second = await read(first.readerPosition);
	const both = [...(first.events as Json[]), ...(second.events as Json[])];
	expect((first.events as Json[]).length).toBeLessThan(104);
	expect(both.map(({ eventNumber = 0 }) => eventNumber)).toEqual(
		Array.from({ length: 104 }, (_, n) => n),
	);
});

test("there is a most of projections, and one that is deleted makes room", async () => {
	const query = "fromAll().when({ A(s) { return s; } })";
	const { json } = await admin.ask("GET", "/projections/continuous");
	const own = (json.projections as Json[]).filter(({ isSystem }) => !isSystem).length;
	const names = Array.from({ length: PROJECTIONS_MAX - own }, newName);
	const made = (name: string) => admin.create("continuous", { name, enabled: "no" }, query);
	for (const name of names) expect((await made(name)).status).toBe(201);
	const refused = await made("beyond");
	expect(refused.status).toBe(409);
	expect(refused.json).toMatchObject({
		type: "urn:varve:problem:too-many-projections",
		projectionsMax: PROJECTIONS_MAX,
	});
	expect((await admin.ask("GET", "/projection/beyond")).status).toBe(404);
	expect((await admin.ask("DELETE", `/projection/${names[0]}`)).status).toBe(200);
	expect((await made("beyond")).status).toBe(201);
});
