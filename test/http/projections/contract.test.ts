/** Projections as clients of EventStore know them (contract 8). */
import { randomUUID } from "node:crypto";
import type { Json } from "../ask.ts";
import { type Servers, startServers, until } from "../harness.ts";
import { ADMIN, Asker, basic, COUNTER } from "./asker.ts";

let servers: Servers;
let admin: Asker;
beforeAll(async () => {
	servers = await startServers({ insecureDefaults: true, insecure: false });
	admin = new Asker(servers);
});
afterAll(() => servers.close());

const newName = () => `projection-${randomUUID()}`;
const SYSTEM = [
	"$streams",
	"$stream_by_category",
	"$by_category",
	"$by_event_type",
	"$by_correlation_id",
];

describe("a projection is made", () => {
	test("POST says where it is, and it counts what there is", async () => {
		const name = newName();
		await admin.append(`order-${name}`, "Placed", { n: 1 }, { n: 2 }, { n: 3 });
		const made = await admin.create("continuous", { name, emit: "yes" }, COUNTER);
		expect([made.status, made.reason]).toEqual([201, "Created"]);
		expect(made.headers.location).toBe(`${servers.url}/projection/${name}`);
		expect(made.json).toMatchObject({ name });
		await admin.atHead(name);
		const state = await admin.ask("GET", `/projection/${name}/state`);
		expect(state.headers["content-type"]).toBe("application/json; charset=utf-8");
		const { count } = state.json as { count: number };
		expect(count).toBeGreaterThanOrEqual(3);
		expect(JSON.parse(String(state.headers["es-position"]))).toEqual({
			$c: expect.any(Number),
			$p: expect.any(Number),
		});
		await admin.append(`order-${name}`, "Placed", { n: 4 });
		await until(async () => ((await admin.state(name)) as { count: number }).count === count + 1);
	});

	test("a name that is taken is refused, as is a continuous one without a name", async () => {
		const name = newName();
		await admin.made(name, COUNTER);
		const again = await admin.create("onetime", { name }, COUNTER);
		expect([again.status, again.reason]).toEqual([409, "Conflict"]);
		expect(again.json.detail).toContain(`Duplicate projection names : ${name}`);
		expect((await admin.create("continuous", { name: "$by_category" }, COUNTER)).status).toBe(409);
		expect((await admin.create("continuous", {}, COUNTER)).status).toBe(400);
	});

	test("what cannot run is refused with its place, and makes nothing", async () => {
		const name = newName();
		const broken = await admin.create("continuous", { name }, "fromAll()\n.when({");
		expect(broken.status).toBe(400);
		expect(broken.json).toMatchObject({ type: "urn:varve:problem:invalid-projection" });
		expect(broken.json.line).toBeGreaterThanOrEqual(1);
		expect((await admin.create("continuous", { name }, " ")).status).toBe(400);
		const foreign = await admin.create("continuous", { name, type: "native:X" }, COUNTER);
		expect(foreign.status).toBe(400);
		const reserved = await admin.create("continuous", { name: `${name}-result` }, COUNTER);
		expect(reserved.status).toBe(400);
		expect((await admin.ask("GET", `/projection/${name}`)).status).toBe(404);
	});

	test("transient and one-time ones need no name, run to the head, and are complete", async () => {
		await admin.append("done-1", "Done", { n: 1 });
		for (const mode of ["transient", "onetime"]) {
			const query = "fromStream('done-1').when({ $init: () => ({ n: 0 }), Done(s) { s.n++; } })";
			const { json } = await admin.create(mode, {}, query);
			const name = String(json.name);
			await until(async () => (await admin.standing(name)).status === "Completed");
			expect(await admin.state(name)).toEqual({ n: 1 });
			const { headers } = await admin.ask("GET", `/projection/${name}/state`);
			expect(headers["es-position"]).toBe('{"$s":{"done-1":0}}');
		}
	});
});

describe("how projections stand", () => {
	test("the five of the system are listed, and run", async () => {
		const { json } = await admin.ask("GET", "/projections/all-non-transient");
		const listed = new Map((json.projections as Json[]).map((one) => [one.name, one]));
		for (const name of SYSTEM) {
			expect(listed.get(name)).toMatchObject({
				status: "Running",
				mode: "Continuous",
				progress: 100,
			});
		}
	});

	test("a request to stop one of them is noted, and changes nothing", async () => {
		const stopped = await admin.ask("POST", "/projection/$by_category/command/disable");
		expect(stopped.status).toBe(200);
		expect(stopped.json.message).toMatch(/goes on/);
		expect(await admin.standing("$by_category")).toMatchObject({
			status: "Stopped/Running",
			stateReason: expect.stringMatching(/goes on/),
		});
		const category = `c${randomUUID().slice(0, 8)}`;
		await admin.append(`${category}-1`, "A", {});
		expect((await admin.ask("GET", `/streams/%24ce-${category}`)).status).toBe(200);
		await admin.ask("POST", "/projection/$by_category/command/enable");
		expect(await admin.standing("$by_category")).toMatchObject({ status: "Running" });
		const deleted = await admin.ask("DELETE", "/projection/$by_category");
		expect([deleted.status, deleted.reason]).toEqual([409, "Failed"]);
	});

	test("each list has its modes", async () => {
		const [kept, asked] = [newName(), newName()];
		await admin.made(kept, COUNTER);
		await admin.create("transient", { name: asked }, COUNTER);
		const namesIn = async (list: string) => {
			const { json } = await admin.ask("GET", `/projections/${list}`);
			return (json.projections as Json[]).map(({ name }) => name);
		};
		expect(await namesIn("any")).toEqual(expect.arrayContaining([kept, asked, "$streams"]));
		expect(await namesIn("continuous")).toContain(kept);
		expect(await namesIn("transient")).toEqual(expect.arrayContaining([asked]));
		expect(await namesIn("all-non-transient")).not.toContain(asked);
		expect(await namesIn("onetime")).not.toContain(kept);
	});

	test("the statistics have all that clients read", async () => {
		const name = newName();
		await admin.made(name, COUNTER);
		const url = `${servers.url}/projection/${name}`;
		const standing = await admin.standing(name);
		expect(standing).toMatchObject({
			name,
			effectiveName: name,
			mode: "Continuous",
			status: "Running",
			stateReason: "",
			version: 1,
			epoch: 0,
			progress: 100,
			statusUrl: url,
			stateUrl: `${url}/state`,
			resultUrl: `${url}/result`,
			queryUrl: `${url}/query%3Fconfig=yes`,
			enableCommandUrl: `${url}/command/enable`,
			disableCommandUrl: `${url}/command/disable`,
			checkpointStatus: "",
		});
		for (const member of [
			"coreProcessingTime",
			"writesInProgress",
			"readsInProgress",
			"partitionsCached",
			"eventsProcessedAfterRestart",
			"bufferedEvents",
			"writePendingEventsBeforeCheckpoint",
			"writePendingEventsAfterCheckpoint",
		]) {
			expect(standing[member]).toEqual(expect.any(Number));
		}
		const { json } = await admin.ask("GET", `/projection/${name}/statistics`);
		expect((json.projections as Json[])[0]).toMatchObject({ name });
		expect((await admin.ask("GET", "/projection/nobody/statistics")).status).toBe(404);
		const other = await admin.ask("GET", "/projections/any", undefined, { Accept: "text/xml" });
		expect(other.status).toBe(406);
	});

	test("GET /projections leads to the list", async () => {
		const { status, reason, text } = await admin.ask("GET", "/projections");
		expect([status, reason, text]).toEqual([302, "Found", "Moved"]);
	});
});

describe("commands", () => {
	test("disable stops it, enable lets it go on where it was", async () => {
		const name = newName();
		const query = `fromStream('${name}').when({ $init: () => ({ n: 0 }), A(s) { s.n++; } })`;
		await admin.append(name, "A", {}, {});
		await admin.made(name, query);
		const disabled = await admin.ask("POST", `/projection/${name}/command/disable`);
		expect(disabled.json).toMatchObject({ name });
		expect(await admin.standing(name)).toMatchObject({ status: "Stopped", isEnabled: false });
		await admin.append(name, "A", {});
		expect(await admin.state(name)).toEqual({ n: 2 });
		await admin.ask("POST", `/projection/${name}/command/enable?enableRunAs=yes`);
		await until(async () => ((await admin.state(name)) as { n: number }).n === 3);
		await admin.ask("POST", `/projection/${name}/command/abort`);
		expect(await admin.standing(name)).toMatchObject({ status: "Aborted/Stopped" });
		expect((await admin.ask("POST", "/projection/nobody/command/enable")).status).toBe(404);
	});

	test("reset begins anew: what it emits hides what it has emitted before", async () => {
		const name = newName();
		await admin.append(name, "A", { n: 1 }, { n: 2 });
		const query = `fromStream('${name}').when({
			A(s, e) { emit('out-${name}', 'B', { n: e.data.n }); }
		})`;
		await admin.made(name, query, { emit: "yes" });
		expect(await admin.events(`out-${name}`)).toHaveLength(2);
		await admin.ask("POST", `/projection/${name}/command/reset`);
		await until(async () => {
			const events = await admin.events(`out-${name}`);
			return events.length === 2 && events[0]?.eventNumber === 2;
		});
		expect(await admin.standing(name)).toMatchObject({ epoch: 1 });
	});

	test("DELETE is for one that does not run, and takes with it what it is told to", async () => {
		const name = newName();
		await admin.append(name, "A", { n: 1 });
		const query = `fromStream('${name}').when({
			A(s, e) { linkTo('out-${name}', e); }
		}).outputState()`;
		await admin.made(name, query, { emit: "yes", trackemittedstreams: "yes" });
		const running = await admin.ask("DELETE", `/projection/${name}`);
		expect([running.status, running.reason]).toEqual([409, "Failed"]);
		await admin.ask("POST", `/projection/${name}/command/disable`);
		expect(await admin.events(`out-${name}`)).toHaveLength(1);
		expect(await admin.events(`$projections-${name}-result`)).toHaveLength(1);
		const all = "deleteStateStream=yes&deleteCheckpointStream=true&deleteEmittedStreams=1";
		const deleted = await admin.ask("DELETE", `/projection/${name}?${all}`);
		expect([deleted.status, deleted.json.name]).toEqual([200, name]);
		for (const stream of ["out-", "$projections-"].map((prefix) => prefix + name)) {
			expect(await admin.events(stream)).toEqual([]);
		}
		expect(await admin.events(`$projections-${name}-checkpoint`)).toEqual([]);
		expect(await admin.events(`$projections-${name}-result`)).toEqual([]);
		expect((await admin.ask("GET", `/projection/${name}`)).status).toBe(404);
		// The name is free, and nothing of the first one counts.
		await admin.made(name, query, { emit: "yes" });
		expect(await admin.events(`out-${name}`)).toHaveLength(1);
	});

	test("its results are deleted wherever they are, and what is not its own stays", async () => {
		const name = newName();
		const results = `results-${name}`;
		await admin.append(name, "A", { key: "a" }, { key: "b" });
		const query = `fromStream('${name}').partitionBy((e) => e.data.key).when({
			$init: () => ({ n: 0 }),
			A(s) { s.n++; }
		}).outputTo('${results}', '${results}-{0}')`;
		await admin.made(name, query);
		await admin.append(`${results}-c`, "A", {});
		await admin.ask("POST", `/projection/${name}/command/disable`);
		expect(await admin.events(`${results}-a`)).toHaveLength(1);
		await admin.ask("DELETE", `/projection/${name}?deleteStateStream=yes`);
		expect(await admin.events(`${results}-a`)).toEqual([]);
		expect(await admin.events(`${results}-b`)).toEqual([]);
		expect(await admin.events(`${results}-c`)).toHaveLength(1);
	});

	test("a delete that was cut short is gone on with, and nothing else is done meanwhile", async () => {
		const name = newName();
		await admin.append(name, "A", { n: 1 });
		await admin.made(
			name,
			`fromStream('${name}').when({ A(s, e) { return e.data; } }).outputState()`,
		);
		await admin.ask("POST", `/projection/${name}/command/disable`);
		const [kept] = (await admin.events(`$projections-${name}`)).slice(-1);
		const deletes = { state: true, checkpoint: true, emitted: false };
		const going = { ...JSON.parse(String(kept?.data)), deletes };
		// As if the server had ended behind that.
		await admin.append(`$projections-${name}`, "$ProjectionUpdated", going);
		await until(async () => (await admin.ask("GET", `/projection/${name}`)).status === 404);
		expect(await admin.events(`$projections-${name}-result`)).toEqual([]);
		expect(await admin.events(`$projections-${name}-checkpoint`)).toEqual([]);
	});

	test("of two deletes at once the second is done as well before the name is free", async () => {
		const name = newName();
		const keys = Array.from({ length: 200 }, (_, key) => ({ key }));
		await admin.append(name, "A", ...keys);
		const query = `fromStream('${name}').when({ A(s, e) { linkTo('${name}-' + e.data.key, e); } })`;
		await admin.made(name, query, { emit: "yes", trackemittedstreams: "yes" });
		await admin.ask("POST", `/projection/${name}/command/disable`);
		const path = `/projection/${name}?deleteCheckpointStream=yes`;
		const both = [
			admin.ask("DELETE", path),
			admin.ask("DELETE", `${path}&deleteEmittedStreams=yes`),
		];
		await until(async () => (await admin.ask("GET", `/projection/${name}`)).status === 404);
		expect(await admin.events(`${name}-199`)).toEqual([]);
		await Promise.all(both);
	});

	test("restart loads all of them anew", async () => {
		const restarted = await admin.ask("POST", "/projections/restart", "{}");
		expect([restarted.status, restarted.json]).toEqual([200, "Restarting"]);
	});
});

describe("query and settings", () => {
	test("the query is given back as it was sent, and with config=yes what it says", async () => {
		const name = newName();
		await admin.made(name, COUNTER, { emit: "yes" });
		const query = await admin.ask("GET", `/projection/${name}/query`);
		expect(query.headers["content-type"]).toBe("application/javascript; charset=utf-8");
		expect(query.text).toBe(COUNTER);
		const { json } = await admin.ask("GET", `/projection/${name}/query?config=yes`);
		expect(json).toMatchObject({ name, query: COUNTER, emitEnabled: true, type: "js" });
		expect(json.definition).toMatchObject({ allStreams: true, allEvents: true });
		expect(json).not.toHaveProperty("trackEmittedStreams");
	});

	test("PUT replaces the query, and the projection goes on from where it was", async () => {
		const name = newName();
		await admin.append(name, "A", {});
		const source = `fromStream('${name}').when({ $init: () => ({ n: 0 }), A(s) { s.n += STEP; } })`;
		await admin.made(name, source.replace("STEP", "1"));
		const path = `/projection/${name}/query?emit=yes`;
		expect((await admin.ask("PUT", path, source.replace("STEP", "10"))).json).toMatchObject({
			name,
		});
		await admin.atHead(name);
		await admin.append(name, "A", {});
		await until(async () => ((await admin.state(name)) as { n: number }).n === 11);
		expect(await admin.standing(name)).toMatchObject({ version: 2 });
		const broken = await admin.ask("PUT", path, "fromAll(");
		expect(broken.status).toBe(400);
		expect((await admin.ask("GET", `/projection/${name}/query`)).text).toContain("10");
	});

	test("settings are replaced as a whole, in one that does not run", async () => {
		const name = newName();
		await admin.made(name, COUNTER);
		const path = `/projection/${name}/config`;
		expect((await admin.ask("GET", path)).json).toEqual({
			label: "Projections",
			checkpointHandledThreshold: 4000,
			checkpointUnhandledBytesThreshold: 10_000_000,
			pendingEventsThreshold: 5000,
			maxWriteBatchLength: 500,
		});
		const config = JSON.stringify({ emitEnabled: true, checkpointHandledThreshold: 10 });
		expect((await admin.ask("PUT", path, config)).status).toBe(409);
		await admin.ask("POST", `/projection/${name}/command/disable`);
		expect((await admin.ask("PUT", path, config)).status).toBe(200);
		expect((await admin.ask("GET", path)).json).toEqual({
			label: "Projections",
			emitEnabled: true,
			checkpointHandledThreshold: 10,
		});
		const bad = await admin.ask("PUT", path, '{"projectionExecutionTimeout":-5}');
		expect([bad.status, bad.json.detail]).toEqual([
			400,
			"projectionExecutionTimeout should be positive. Found : -5",
		]);
		const broken = await admin.ask("PUT", path, "{");
		expect(broken.json.detail).toBe("Failed to parse the projection config");
	});
});

describe("partitions and results", () => {
	test("each partition has its state, its result, and a stream of its results", async () => {
		const category = `c${randomUUID().slice(0, 8)}`;
		const name = newName();
		await admin.append(`${category}-1`, "A", { by: 1 });
		await admin.append(`${category}-2`, "A", { by: 2 }, { by: 3 });
		const query = `fromCategory('${category}').foreachStream().when({
			$init: () => ({ sum: 0 }), A(s, e) { s.sum += e.data.by; }
		}).transformBy((s) => ({ total: s.sum })).outputState()`;
		await admin.made(name, query);
		expect(await admin.state(name, `?partition=${category}-2`)).toEqual({ sum: 5 });
		const result = await admin.ask("GET", `/projection/${name}/result?partition=${category}-2`);
		expect(result.json).toEqual({ total: 5 });
		expect(JSON.parse(String(result.headers["es-position"]))).toEqual({
			$s: { [`$ce-${category}`]: 2 },
		});
		const unknown = await admin.ask("GET", `/projection/${name}/state?partition=nobody`);
		expect([unknown.status, unknown.text]).toEqual([200, ""]);
		const stream = `$projections-${name}-${category}-2-result`;
		const results = await admin.events(stream);
		expect(results.map(({ eventType, data }) => [eventType, JSON.parse(String(data))])).toEqual([
			["Result", { total: 2 }],
			["Result", { total: 5 }],
		]);
		// Others may read it.
		const ops = admin.as(basic("ops", "changeit"));
		expect(await ops.events(stream)).toHaveLength(2);
	});

	test("a stream that is deleted is heard of", async () => {
		const category = `c${randomUUID().slice(0, 8)}`;
		const name = newName();
		await admin.append(`${category}-1`, "A", {});
		await admin.append(`${category}-2`, "A", {});
		const query = `fromCategory('${category}').foreachStream().when({
			$init: () => ({ gone: "no" }), A() {},
			$deleted(s, e, partition, isSoft) { s.gone = isSoft ? "soft" : "hard"; }
		})`;
		await admin.made(name, query);
		await admin.ask("DELETE", `/streams/${category}-1`);
		await admin.ask("DELETE", `/streams/${category}-2`, undefined, { "ES-HardDelete": "true" });
		const goneOf = async (partition: string) =>
			((await admin.state(name, `?partition=${partition}`)) as { gone: string }).gone;
		await until(async () => (await goneOf(`${category}-1`)) === "soft");
		await until(async () => (await goneOf(`${category}-2`)) === "hard");
	});
});

test("read-events gives the events of a source, from a place on", async () => {
	const stream = `fed-${randomUUID()}`;
	await admin.append(stream, "A", { n: 1 }, { n: 2 });
	await admin.append(stream, "B", { n: 3 });
	const ask = (position: object, maxEvents: number) =>
		admin.ask(
			"POST",
			"/projections/read-events",
			JSON.stringify({ query: { streams: [stream], events: ["A"] }, position, maxEvents }),
		);
	const { json } = await ask({ $s: { [stream]: -1 } }, 1);
	const [event] = json.events as Json[];
	expect(event).toMatchObject({
		eventStreamId: stream,
		eventType: "A",
		data: { n: 1 },
		isJson: true,
	});
	const rest = (await ask(json.readerPosition as object, 10)).json;
	expect((rest.events as Json[]).map(({ data }) => data)).toEqual([{ n: 2 }]);
	expect(rest.readerPosition).toEqual({ $s: { [stream]: 2 } });
	expect((await admin.ask("POST", "/projections/read-events", "{")).status).toBe(400);
});

test("clients without a name get in nowhere", async () => {
	const anyone = (path: string) => servers.ask({ path, headers: { Accept: "application/json" } });
	expect((await anyone("/projections/any")).status).toBe(401);
	expect((await anyone("/projection/$by_category/query")).status).toBe(401);
	expect(ADMIN).toMatch(/^Basic/);
});
