/** Queries that run beside others, and changes that are refused: what ran before goes on. */
import { randomUUID } from "node:crypto";
import type { Json } from "../ask.ts";
import { type Servers, startServers, until } from "../harness.ts";
import { Asker } from "./asker.ts";

/** Room for two, and for what one of them has beside it. */
const RUNNING_MAX = 3;

let servers: Servers;
let admin: Asker;
beforeAll(async () => {
	const settings = { insecureDefaults: true, insecure: false, projectionsRunningMax: RUNNING_MAX };
	servers = await startServers(settings);
	admin = new Asker(servers);
});
afterAll(() => servers.close());
beforeEach(() => {
	source = `source-${randomUUID()}`;
	out = `out-${randomUUID()}`;
});
afterEach(async () => {
	// The operator hears of projections that stop with a fault, and these are to.
	servers.reported.splice(0);
	const { json } = await admin.ask("GET", "/projections/continuous");
	for (const { name, isSystem } of json.projections as Json[]) {
		if (isSystem) continue;
		await admin.ask("POST", `/projection/${name}/command/disable`);
		await admin.ask("DELETE", `/projection/${name}?deleteCheckpointStream=yes`);
	}
});

let source: string;
let out: string;
const counting = (step: number, more = "") => `fromStream('${source}').when({
	$init: () => ({ n: 0 }),
	A(s, e) { ${more} s.n += ${step}; emit('${out}', 'N', { n: s.n }); }
})`;
/** Takes a few milliseconds. */
const SLOWLY = "for (let i = 0; i < 50_000; i++);";
const beside = (name: string, query: string) =>
	admin.ask("PUT", `/projection/${name}/query?beside=yes`, query);
const candidateOf = async (name: string) => (await admin.standing(name)).candidate as Json;
const numbered = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));
const stateIs = (name: string, n: number) =>
	until(async () => ((await admin.state(name)) as { n: number } | undefined)?.n === n);
const scripts = () => servers.server.context.projections.around.scripts.usage().scripts;
const definition = (name: string) => `$projections-${name}`;

/** Whoever writes there makes the server's own writes come too late. */
async function disturb(name: string): Promise<() => Promise<unknown>> {
	const kept = (await admin.events(definition(name))).at(-1) as Json;
	const data = JSON.parse(String(kept.data)) as object;
	await admin.append(definition(name), "Disturbed", {});
	return () => admin.append(definition(name), "$ProjectionUpdated", data);
}

test("a candidate that faults in front of the switch is shown with its fault, and the old one goes on", async () => {
	await admin.append(source, "A", ...numbered(200));
	await admin.create("continuous", { name: "old", emit: "yes" }, counting(1, SLOWLY));
	const broken = counting(1, "if (e.data.n === 100) throw new Error('a hundred');");
	expect((await beside("old", broken)).status).toBe(202);
	const candidate = await until(async () => {
		const one = await candidateOf("old");
		return String(one?.status).startsWith("Fault") ? one : undefined;
	});
	expect(candidate.stateReason).toMatch(/a hundred/);
	await stateIs("old", 200);
	await admin.append(source, "A", { n: 200 });
	await stateIs("old", 201);
	expect(await admin.events(out)).toHaveLength(201);
	expect((await admin.standing("old")).version).toBe(1);
});

test("a query beside one that has stopped with a fault takes its place at the event that caused it", async () => {
	await admin.append(source, "A", ...numbered(5));
	const failing = counting(1, "if (e.data.n === 3) throw new Error('three');");
	await admin.create("continuous", { name: "old", emit: "yes" }, failing);
	await until(async () => (await admin.standing("old")).status === "Faulted (Enabled)");
	await beside("old", counting(10));
	await stateIs("old", 50);
	const emitted = (await admin.events(out)).map(({ data }) => JSON.parse(String(data)) as Json);
	expect(emitted.map(({ n }) => n)).toEqual([1, 2, 3, 40, 50]);
});

test("a query beside one that is disabled takes its place where that stopped", async () => {
	await admin.append(source, "A", ...numbered(3));
	await admin.made("old", counting(1), { emit: "yes" });
	await admin.ask("POST", "/projection/old/command/disable");
	await admin.append(source, "A", ...numbered(2));
	await beside("old", counting(10));
	await until(async () => (await admin.standing("old")).version === 2);
	expect(await admin.state("old")).toEqual({ n: 30 });
	expect((await admin.standing("old")).status).toBe("Stopped");
	await admin.ask("POST", "/projection/old/command/enable");
	await stateIs("old", 50);
	const emitted = (await admin.events(out)).map(({ data }) => JSON.parse(String(data)) as Json);
	expect(emitted.map(({ n }) => n)).toEqual([1, 2, 3, 40, 50]);
});

test("candidates count among those that run, wait for room, and try again if the switch is refused", async () => {
	await admin.append(source, "A", ...numbered(3));
	for (const name of ["old", "second", "third"]) {
		await admin.made(name, counting(1).replace(out, `${out}-${name}`), { emit: "yes" });
	}
	await beside("old", counting(10));
	expect(await candidateOf("old")).toMatchObject({
		status: "Stopped (Enabled)",
		stateReason: "This server runs 3 projections already, and no more.",
	});
	const restore = await disturb("old");
	// Its room is another's.
	await admin.ask("POST", "/projection/third/command/disable");
	await until(async () =>
		/wrong-expected-version/.test(String((await candidateOf("old")).stateReason)),
	);
	await admin.append(source, "A", { n: 3 });
	await stateIs("old", 4);
	await restore();
	await stateIs("old", 40);
	expect((await admin.standing("old")).candidate).toBeUndefined();
});

test("one that runs goes on if its change is refused", async () => {
	await admin.made("old", counting(1), { emit: "yes" });
	const restore = await disturb("old");
	const changes: readonly (readonly [string, string, string?])[] = [
		["PUT", "query", counting(10)],
		["POST", "command/reset"],
		["POST", "command/disable"],
	];
	for (const [n, [method, path, body]] of changes.entries()) {
		const refused = await admin.ask(method, `/projection/old/${path}`, body);
		expect(refused.status).toBeGreaterThanOrEqual(400);
		await admin.append(source, "A", {});
		await stateIs("old", n + 1);
		expect((await admin.standing("old")).status).toBe("Running");
	}
	expect(await admin.events(out)).toHaveLength(changes.length);
	await restore();
});

test("a projection takes its candidate with it, and what that has kept", async () => {
	await admin.append(source, "A", ...numbered(3));
	await admin.made("old", counting(1), { emit: "yes" });
	await beside("old", counting(1, "if (e.data.n === 2) throw new Error('two');"));
	await until(async () => String((await candidateOf("old"))?.status).startsWith("Fault"));
	const kept = "$projections-old-1-checkpoint";
	expect(await admin.events(kept)).not.toEqual([]);
	await admin.ask("POST", "/projection/old/command/disable");
	expect((await admin.ask("DELETE", "/projection/old")).status).toBe(200);
	expect(await admin.events(kept)).toEqual([]);
});

test("if another server deletes a projection, its candidate stops as well", async () => {
	await admin.append(source, "A", ...numbered(260));
	await admin.made("old", counting(1), { emit: "yes" });
	const alone = scripts();
	await beside("old", counting(1, SLOWLY));
	await until(() => scripts() === alone + 1);
	const other = new Asker(servers.express);
	expect((await other.ask("DELETE", "/projection/old")).status).toBe(200);
	await until(() => scripts() === alone - 1);
});
