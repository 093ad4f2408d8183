/** `varve projection run`, over a server and over files. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeDirectories, type Server, startServer, varve } from "./varve.ts";

const TOTALS = `fromCategory("order").foreachStream().when({
	$init() { return { total: 0 } },
	Placed(s, e) {
		s.total += e.body.amount;
		if (e.body.amount > 90) emit("big", "Big", { of: e.streamId, raw: e.bodyRaw });
	},
	Paid(s, e) { log("paid", e.streamId) },
}).transformBy(s => ({ twice: s.total * 2 }))`;

const LINES = [
	'{"stream":"order-1","type":"Placed","data":{"amount":10}}',
	'{"stream":"order-2","type":"Placed","data":{"amount":95,"exact":12345678901234567890,"é":1.10}}',
	'{"stream":"bill-2","type":"Placed","data":{"amount":1}}',
	"",
	'{"stream":"order-1","type":"Paid","dataBase64":"PGEvPg==","metadata":{"a":1}}',
].join("\n");

const raw = JSON.stringify('{"amount":95,"exact":12345678901234567890,"é":1.10}');

let server: Server;
const directory = mkdtempSync(join(tmpdir(), "varve-projection-"));
const file = (name: string, content: string) => {
	const path = join(directory, name);
	writeFileSync(path, content);
	return path;
};
const run = (...args: string[]) => varve(["projection", "run", ...args], { VARVE_URL: server.url });
const parsed = (stdout: string) =>
	stdout
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line));

beforeAll(async () => {
	server = await startServer();
	await varve(["import", "--source", "x", "--url", server.url], {}, LINES);
});
afterAll(async () => {
	await server.stop();
	rmSync(directory, { recursive: true });
	removeDirectories();
});

const totals = file("totals.js", TOTALS);
const events = file("events.ndjson", LINES);

test.each([["a server"], ["a file"]])("prints what comes of the events of %s", async (source) => {
	const { code, stdout, stderr } = await run(
		totals,
		...(source === "a file" ? ["--events", events] : []),
	);
	const [emitted, logged, ...rest] = stdout.trim().split("\n");
	expect(emitted).toContain(
		`"partition":"order-2","to":"big","type":"Big","data":{"of":"order-2","raw":${raw}}}`,
	);
	expect(JSON.parse(logged ?? "")).toMatchObject({ kind: "log", text: "paid order-1" });
	expect(parsed(rest.join("\n"))).toEqual([
		{ kind: "state", partition: "order-1", state: { total: 10 } },
		{ kind: "result", partition: "order-1", result: { twice: 20 } },
		{ kind: "state", partition: "order-2", state: { total: 95 } },
		{ kind: "result", partition: "order-2", result: { twice: 190 } },
		{ kind: "end", events: 3, handled: 3 },
	]);
	expect([code, stderr]).toEqual([0, ""]);
});

test("takes what varve read prints, from standard input", async () => {
	const read = await varve(["read", "$ce-order"], { VARVE_URL: server.url });
	const args = ["projection", "run", totals, "--events", "-", "--restarts"];
	const { code, stdout } = await varve(args, {}, read.stdout);
	expect([code, parsed(stdout).at(-1)]).toEqual([0, { kind: "end", events: 3, handled: 3 }]);
});

test("steps through a span of events, with the state before and after each", async () => {
	const { stdout } = await run(totals, "--events", events, "--from", "1", "--to", "2", "--steps");
	const steps = parsed(stdout).filter(({ kind }) => kind === "step");
	expect(steps).toEqual([
		{
			...{ kind: "step", position: 1, stream: "order-2", number: 0, type: "Placed" },
			...{ handler: "Placed", partition: "order-2", after: { total: 95 }, result: { twice: 190 } },
		},
	]);
});

test("merges several streams in the order of the log", async () => {
	const merged = file(
		"merged.js",
		`fromStreams("order-1", "bill-2", "order-2").when({ $init: () => [], $any(s, e) { s.push(e.streamId) } })`,
	);
	const { stdout } = await run(merged);
	expect(parsed(stdout)[0].state).toEqual(["order-1", "order-2", "bill-2", "order-1"]);
});

test("fails if the script does, and says where", async () => {
	const bad = file(
		"bad.js",
		"fromAll().when({ $any(s, e) {\n\tif (e.sequenceNumber === 1) null.x;\n} })",
	);
	const { code, stdout, stderr } = await run(bad, "--events", events);
	expect([code, stderr]).toEqual([
		1,
		`varve: ${bad}:2:30: TypeError: cannot read property 'x' of null, in $any, ` +
			"at event 1 of order-1 (position 3)\n",
	]);
	expect(parsed(stdout).map(({ kind }) => kind)).toEqual(["state", "failure", "end"]);
	const none = file("none.js", "fromAll().when({");
	expect(await run(none, "--events", events)).toMatchObject({
		code: 1,
		stderr: expect.stringContaining("SyntaxError"),
	});
});

test("finds out by restarts that a script hides something outside its state", async () => {
	const hiding = file("hiding.js", "var n = 0; fromAll().when({ $any(s) { s.n = ++n } })");
	const many = Array.from({ length: 120 }, () => '{"stream":"a","type":"T","data":{}}').join("\n");
	const args = [hiding, "--events", file("many.ndjson", many)];
	expect(await run(...args)).toMatchObject({ code: 0 });
	const { code, stderr } = await run(...args, "--restarts");
	expect([code, stderr]).toEqual([1, expect.stringContaining("outside its state")]);
});

test("refuses what is no such command", async () => {
	expect(await run()).toMatchObject({ code: 2, stderr: expect.stringContaining("run FILE") });
	expect(await varve(["projection", "go", "x"])).toMatchObject({ code: 2 });
	expect(await run(join(directory, "nothing.js"))).toMatchObject({ code: 1 });
	const line = file("line.ndjson", '{"stream":"a"}');
	expect(await run(totals, "--events", line)).toMatchObject({
		code: 1,
		stderr: expect.stringContaining("line 1"),
	});
});
