/** Projections at work: faults, restarts, moments of the past, and what each event does. */
import { randomUUID } from "node:crypto";
import type { Json } from "../ask.ts";
import { type Servers, startServers, until } from "../harness.ts";
import { Asker } from "./asker.ts";

let servers: Servers;
let admin: Asker;
beforeAll(async () => {
	servers = await startServers({ insecureDefaults: true, insecure: false });
	admin = new Asker(servers);
});
// The operator hears of projections that stop with a fault, and these are to.
afterEach(() => void servers.reported.splice(0));
afterAll(() => servers.close());

const newName = () => `projection-${randomUUID()}`;

test("a fault stops it before the event that caused it, and says where and why", async () => {
	const stream = `source-${randomUUID()}`;
	const name = newName();
	await admin.append(stream, "A", { n: 1 }, { n: 2 }, { n: 3 });
	const query = `fromStream('${stream}').when({
	$init: () => ({ sum: 0 }),
	A(s, e) {
		if (e.data.n === 3) throw new Error("three is too many");
		s.sum += e.data.n;
		emit('${stream}-out', 'Sum', { sum: s.sum });
	}
})`;
	await admin.create("continuous", { name, emit: "yes" }, query);
	const standing = await until(async () => {
		const now = await admin.standing(name);
		return now.status === "Faulted (Enabled)" ? now : undefined;
	});
	expect(standing.stateReason).toMatch(/three is too many/);
	expect(standing.stateReason).toContain(`2@${stream}`);
	const fault = standing.fault as Json;
	expect(fault).toMatchObject({ kind: "thrown", line: 4 });
	expect(fault.event).toMatchObject({ stream, number: 2, type: "A" });
	expect(await admin.state(name)).toEqual({ sum: 3 });
	expect(await admin.events(`${stream}-out`)).toHaveLength(2);
	// A query that is mended goes on with that event.
	await admin.ask("PUT", `/projection/${name}/query`, query.replace("=== 3", "=== 4"));
	await admin.atHead(name);
	expect(await admin.state(name)).toEqual({ sum: 6 });
	expect(await admin.events(`${stream}-out`)).toHaveLength(3);
});

test("a restart goes on where it was, and loses no state", async () => {
	const category = `c${randomUUID().slice(0, 8)}`;
	const name = newName();
	const query = `fromCategory('${category}').partitionBy((e) => e.data.key).when({
		$init: () => ({ n: 0 }),
		A(s, e) { s.n++; emit('${category}out-' + e.data.key, 'N', { n: s.n }); }
	})`;
	await admin.append(`${category}-1`, "A", { key: "a" }, { key: "b" }, { key: "a" });
	await admin.made(name, query, { emit: "yes" });
	servers = await servers.restart();
	admin = new Asker(servers);
	await admin.atHead(name);
	await admin.append(`${category}-2`, "A", { key: "a" }, { key: "c" });
	await until(async () => (await admin.state(name, "?partition=c")) !== undefined);
	await admin.atHead(name);
	expect(await admin.state(name, "?partition=a")).toEqual({ n: 3 });
	expect(await admin.state(name, "?partition=b")).toEqual({ n: 1 });
	const emitted = await admin.events(`${category}out-a`);
	expect(emitted.map(({ data }) => JSON.parse(String(data)))).toEqual([
		{ n: 1 },
		{ n: 2 },
		{ n: 3 },
	]);
});

test("a client may ask for its own writes", async () => {
	const stream = `source-${randomUUID()}`;
	const name = newName();
	await admin.made(
		name,
		`fromStream('${stream}').when({ $init: () => ({ n: 0 }), A(s) { s.n++; } })`,
	);
	for (let n = 1; n <= 5; n++) {
		const position = await admin.append(stream, "A", {});
		const path = `/projection/${name}/state`;
		const headers = { "ES-MinPosition": String(position) };
		expect((await admin.ask("GET", path, undefined, headers)).json).toEqual({ n });
	}
	const malformed = { "ES-MinPosition": "soon" };
	expect((await admin.ask("GET", `/projection/${name}/state`, undefined, malformed)).status).toBe(
		400,
	);
});

test("partitions are listed, searched and paged", async () => {
	const category = `c${randomUUID().slice(0, 8)}`;
	const name = newName();
	for (const n of [1, 2, 3, 10]) await admin.append(`${category}-${n}`, "A", {});
	const query = `fromCategory('${category}').foreachStream().when({ $init: () => ({ n: 0 }), A(s) { s.n++; } })`;
	await admin.made(name, query);
	const path = `/projection/${name}/partitions`;
	const page = await until(async () => {
		const { json } = await admin.ask("GET", `${path}?count=3`);
		return json.total === 4 ? json : undefined;
	});
	const names = ["1", "10", "2"].map((n) => `${category}-${n}`);
	expect(page).toEqual({
		partitions: names.map((partition) => ({ partition, state: { n: 1 } })),
		total: 4,
		next: `${category}-2`,
	});
	const rest = await admin.ask("GET", `${path}?count=3&after=${category}-2`);
	expect((rest.json.partitions as Json[]).map(({ partition }) => partition)).toEqual([
		`${category}-3`,
	]);
	const found = await admin.ask("GET", `${path}?text=-1`);
	expect((found.json.partitions as Json[]).map(({ partition }) => partition)).toEqual(
		names.slice(0, 2),
	);
	expect((await admin.ask("GET", `${path}?count=0`)).status).toBe(400);
});

test("a state is known as of a version, a position and a time", async () => {
	const category = `c${randomUUID().slice(0, 8)}`;
	const stream = `${category}-1`;
	const name = newName();
	const first = await admin.append(stream, "A", { n: 1 });
	await admin.append(stream, "A", { n: 10 });
	await admin.made(
		name,
		`fromCategory('${category}').foreachStream().when({ $init: () => ({ sum: 0 }), A(s, e) { s.sum += e.data.n; } })`,
	);
	const path = `/projection/${name}/state?partition=${stream}&as-of=`;
	const at = (moment: string, headers: object = {}) =>
		admin.ask("GET", path + encodeURIComponent(moment), undefined, headers);
	expect((await at("0")).json).toEqual({ sum: 1 });
	expect((await at("1")).json).toEqual({ sum: 11 });
	const then = await at(`@${first}`);
	expect(then.json).toEqual({ sum: 1 });
	expect((await at(new Date().toISOString())).json).toEqual({ sum: 11 });
	expect((await at("2020-01-01T00:00:00Z")).text).toBe("");
	expect((await at("7")).status).toBe(404);
	expect((await at("yesterday")).status).toBe(400);
	// It does not become another one.
	const eTag = String(then.headers.etag);
	expect((await at(`@${first}`, { "If-None-Match": eTag })).status).toBe(304);
});

test("each event shows what it does to the state", async () => {
	const stream = `source-${randomUUID()}`;
	const first = await admin.append(stream, "A", { n: 1 });
	await admin.append(stream, "A", { n: 2 }, { n: 3 });
	const query = `fromStream('${stream}').when({
		$init: () => ({ sum: 0 }),
		A(s, e) { s.sum += e.data.n; log('sum ' + s.sum); emit('nowhere', 'Sum', { sum: s.sum }); }
	})`;
	const shown = await admin.ask("POST", `/projections/steps?from=${first + 1}&count=1`, query);
	const [step] = shown.json.steps as Json[];
	expect(step).toMatchObject({
		stream,
		number: 1,
		handler: "A",
		before: { sum: 1 },
		after: { sum: 3 },
		log: ["sum 3"],
		emitted: [{ stream: "nowhere", type: "Sum", data: '{"sum":3}' }],
	});
	const next = await admin.ask("POST", `/projections/steps?from=${shown.json.next}&count=5`, query);
	expect((next.json.steps as Json[]).map(({ after }) => after)).toEqual([{ sum: 6 }]);
	expect(await admin.events("nowhere")).toEqual([]);
});

test("a query that faults before a moment has no state then, and no step behind it", async () => {
	const category = `c${randomUUID().slice(0, 8)}`;
	const stream = `${category}-1`;
	const name = newName();
	const first = await admin.append(stream, "A", { n: 1 });
	const second = await admin.append(stream, "A", { n: 2 });
	const third = await admin.append(stream, "A", { n: 3 });
	const query = `fromCategory('${category}').foreachStream().when({
		$init: () => ({ sum: 0 }),
		A(s, e) { if (e.data.n === 2) throw new Error("no two"); s.sum += e.data.n; }
	})`;
	await admin.create("continuous", { name, enabled: "no" }, query);
	const at = (moment: string) =>
		admin.ask("GET", `/projection/${name}/state?partition=${stream}&as-of=${moment}`);
	expect((await at(`@${first}`)).json).toEqual({ sum: 1 });
	for (const moment of ["1", `@${second}`, `@${third}`]) {
		const refused = await at(moment);
		expect(refused.status).toBe(409);
		expect(refused.headers.etag).toBeUndefined();
		expect(refused.json).toMatchObject({
			type: "urn:varve:problem:replay-faulted",
			position: second,
			reason: expect.stringContaining("no two"),
		});
	}
	const steps = await admin.ask("GET", `/projection/${name}/steps?from=${third}&count=1`);
	expect(steps.status).toBe(200);
	expect(steps.json).toMatchObject({
		steps: [],
		fault: { kind: "thrown", event: { position: second }, message: "Error: no two" },
	});
	expect(steps.json).not.toHaveProperty("next");
});

test("links are followed, and an event that stands in two of its streams comes once", async () => {
	const category = `c${randomUUID().slice(0, 8)}`;
	await admin.append(`${category}-1`, "A", { n: 1 });
	await admin.append(`${category}-2`, "A", { n: 2 });
	const linking = newName();
	await admin.made(
		linking,
		`fromStreams('${category}-1', '${category}-2').when({ A(s, e) { linkTo('links-${category}', e); } })`,
		{ emit: "yes" },
	);
	const name = newName();
	await admin.made(
		name,
		`fromStreams(['links-${category}', '$ce-${category}', '${category}-1']).when({
			$init: () => ({ seen: [] }),
			A(s, e) { s.seen.push(e.sequenceNumber + '@' + e.streamId); }
		})`,
	);
	const seen = ["1", "2", "1", "2"].map((n) => `0@${category}-${n}`);
	expect(await admin.state(name)).toEqual({ seen });
});

test("a projection of everything does not take its own words for news", async () => {
	const name = newName();
	const type = `T${randomUUID().slice(0, 8)}`;
	await admin.append(`any-${type}`, type, {});
	await admin.made(
		name,
		`fromAll().when({
			$init: () => ({ n: 0 }),
			$any(s, e) { if (e.eventType === '${type}') s.n++; emit('own-${name}', '${type}', { n: 1 }); }
		}).outputState()`,
		{ emit: "yes" },
	);
	const before = await admin.standing(name);
	await admin.append(`any-${type}`, type, {});
	await until(async () => ((await admin.state(name)) as { n: number }).n === 2);
	const after = await admin.atHead(name);
	expect(Number(after.handledEvents)).toBe(Number(before.handledEvents) + 1);
});

test("a query runs beside the old one, and takes its place when it has caught up", async () => {
	const stream = `source-${randomUUID()}`;
	const name = newName();
	const out = `${stream}-out`;
	const query = (step: number, to = out) => `fromStream('${stream}').when({
		$init: () => ({ n: 0 }),
		A(s) { s.n += ${step}; emit('${to}', 'N', { n: s.n }); }
	})`;
	await admin.append(stream, "A", {}, {});
	await admin.made(name, query(1), { emit: "yes" });
	const path = `/projection/${name}/query?beside=yes`;
	const broken = query(10).replace("s.n +=", "throw new Error('no'); s.n +=");
	expect((await admin.ask("PUT", path, broken)).status).toBe(202);
	const faulted = await until(async () => {
		const { candidate } = await admin.standing(name);
		return String((candidate as Json | undefined)?.status).startsWith("Fault")
			? candidate
			: undefined;
	});
	expect((faulted as Json).stateReason).toMatch(/no/);
	// The old one goes on, and knows nothing of it.
	await admin.append(stream, "A", {});
	await until(async () => ((await admin.state(name)) as { n: number }).n === 3);
	expect((await admin.ask("DELETE", `/projection/${name}/candidate`)).status).toBe(200);
	expect(await admin.standing(name)).not.toHaveProperty("candidate");

	expect((await admin.ask("PUT", path, query(10))).status).toBe(202);
	await until(async () => (await admin.standing(name)).version === 2);
	await admin.atHead(name);
	expect(await admin.state(name)).toEqual({ n: 30 });
	await admin.append(stream, "A", {});
	await until(async () => ((await admin.state(name)) as { n: number }).n === 40);
	const emitted = (await admin.events(out)).map(({ data }) => JSON.parse(String(data)) as Json);
	expect(emitted).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 40 }]);
	expect((await admin.ask("GET", `/projection/${name}/query`)).text).toBe(query(10));
});
