/** Verifications of a real log beside its server's work: how they end, and what is kept of them. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteLog } from "../../src/log/sqlite/log.ts";
import { openVerifications, type Verifications } from "../../src/upkeep/verifications.ts";
import { until } from "../http/harness.ts";
import { append, events } from "../log/asking.ts";
import { toldTo } from "../observe/told.ts";

let directory: string;
let log: Awaited<ReturnType<typeof openSqliteLog>>;
let told: unknown[];

beforeEach(async () => {
	directory = mkdtempSync(join(tmpdir(), "varve-verifications-"));
	log = await openSqliteLog(directory);
	told = [];
});
afterEach(async () => {
	await log.close();
	rmSync(directory, { recursive: true });
});

function open(): Promise<Verifications> {
	return openVerifications(
		log,
		directory,
		toldTo((what) => told.push(what)),
	);
}

function over(verifications: Verifications): Promise<boolean> {
	return until(() => verifications.state().running === undefined);
}

test("a run reads everything, says what it found, and is known after a restart", async () => {
	await append(log, "order-1", events(3));
	const verifications = await open();
	expect(verifications.state()).toEqual({ running: undefined, runs: [] });
	const id = verifications.start(100);
	expect(verifications.state().running).toMatchObject({ id, throttlePercent: 100 });
	await over(verifications);
	const found = { events: 3, streams: 1, erased: 0, unproven: 0, faults: [] };
	expect(verifications.state().runs).toMatchObject([{ id, result: "Sound", found }]);
	expect(verifications.lastWhole()?.id).toBe(id);
	expect((await open()).state().runs).toEqual(verifications.state().runs);
	expect(told).toEqual([]);
});

test("what does not fit its hash is found, named and told to the operator", async () => {
	await append(log, "order-1", events(3));
	await log.close();
	damage();
	log = await openSqliteLog(directory);
	const verifications = await open();
	verifications.start(50);
	await over(verifications);
	const [run] = verifications.state().runs;
	expect(run).toMatchObject({ result: "Damaged" });
	expect(run?.found?.faults.length).toBeGreaterThan(0);
	expect(told).toEqual(["verification ended: the log is damaged"]);
});

test("only one runs at a time; one that is stopped ends, and its end is kept", async () => {
	await append(log, "order-1", events(3));
	const verifications = await open();
	const id = verifications.start(1);
	expect(() => verifications.start(1)).toThrow(/verification-running/);
	expect(await verifications.stop()).toBe(id);
	expect(verifications.state()).toMatchObject({
		running: undefined,
		runs: [{ result: "Stopped" }],
	});
	expect(verifications.lastWhole()).toBeUndefined();
	await expect(verifications.stop()).rejects.toThrow(/verification-not-found/);
});

test("one that its server interrupts says so, and none starts after that", async () => {
	await append(log, "order-1", events(3));
	const verifications = await open();
	verifications.start(1);
	await verifications.close();
	expect((await open()).state().runs).toMatchObject([{ result: "Interrupted" }]);
	expect(() => verifications.start(1)).toThrow(/shutting-down/);
});

test("a run that the process did not live to end was interrupted", async () => {
	const verifications = await open();
	const id = verifications.start(1);
	const file = join(directory, "upkeep/verifications.json");
	await until(() => existsSync(file) && readFileSync(file, "utf8").includes(id));
	const asItWas = readFileSync(file);
	await verifications.close();
	writeFileSync(file, asItWas);
	expect((await open()).state().runs).toMatchObject([{ id, result: "Interrupted" }]);
});

test.each([
	["no JSON", "{"],
	["no list", '{"runs":7}'],
	["members of other kinds", '{"runs":[null,{"id":7},{"id":"a","started":"yesterday"}]}'],
	[
		"faults that are no text",
		run({ found: { events: 1, streams: 1, erased: 0, unproven: 0, faults: [7] } }),
	],
	["a result of its own", run({ result: "Splendid" })],
])("a record with %s is taken for none", async (_, text) => {
	const verifications = await open();
	verifications.start(100);
	await over(verifications);
	writeFileSync(join(directory, "upkeep/verifications.json"), text);
	expect((await open()).state().runs).toEqual([]);
});

test("a record that cannot be written is told, and the result is known all the same", async () => {
	writeFileSync(join(directory, "upkeep"), "a file in the place of the folder");
	const verifications = await open();
	verifications.start(100);
	await over(verifications);
	expect(verifications.state().runs).toMatchObject([{ result: "Sound" }]);
	expect(told).toEqual(Array(2).fill("the record of a verification cannot be written"));
});

function run(facts: object): string {
	const time = "2026-03-01T14:00:00.000Z";
	const sound = { id: "a", started: time, throttlePercent: 25, ended: time, result: "Sound" };
	return JSON.stringify({ runs: [{ ...sound, ...facts }] });
}

/** Changes the data of an event behind the log's back. */
function damage(): void {
	const file = join(directory, "log.sqlite");
	const bytes = readFileSync(file);
	// Rows are written from the end of a page: this is the data of the first event.
	const at = bytes.lastIndexOf(Buffer.from('{"total":1.10}'));
	expect(at).toBeGreaterThan(0);
	bytes.write('{"total":1.11}', at);
	writeFileSync(file, bytes);
}
