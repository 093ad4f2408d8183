/** A clock that was ahead for one append: nobody has to find out by what `$maxAge` leaves. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseSettings } from "../../src/config.ts";
import { DEFAULT_LOG_LIMITS } from "../../src/log/log.ts";
import { ClockWatch } from "../../src/log/reading/clock-watch.ts";
import { openSqliteLog } from "../../src/log/sqlite/log.ts";
import { type RunningServer, startServer } from "../../src/main.ts";
import { LogLines } from "../../src/observe/lines.ts";
import { append, events, read, scavenge } from "../log/asking.ts";
import { ask, batch, get } from "./ask.ts";

const YEAR_S = 365 * 24 * 3600;

let directory: string;
let said: string[];
let server: RunningServer | undefined;

beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), "varve-clock-"));
	said = [];
});
afterEach(async () => {
	await server?.close();
	server = undefined;
	rmSync(directory, { recursive: true });
});

/** Leaves a log whose newest event was appended under a clock that was ahead. */
async function appendAhead(seconds: number): Promise<void> {
	const clock = () => Date.now() + seconds * 1000;
	const log = await openSqliteLog(directory, DEFAULT_LOG_LIMITS, { clock });
	await append(log, "a", events(3));
	await log.close();
}

async function tell(path: string) {
	const operatorLog = new LogLines("text", "info", (line) => said.push(line));
	server ??= await startServer(
		{ ...parseSettings([], {}), data: directory, port: 0, insecure: true },
		operatorLog,
	);
	return ask(Number(new URL(server.url).port), get(path, "application/json"));
}

test("a clock that is a year behind is told of at the start, in /info and in health", async () => {
	await appendAhead(YEAR_S);
	const { json } = await tell("/info");
	const { behindSeconds, warning } = json.clock as { behindSeconds: number; warning: string };
	expect(Math.abs(behindSeconds - YEAR_S)).toBeLessThan(600);
	expect(warning).toContain("$maxAge hides them that much later");
	expect(said.filter((line) => line.includes("s behind the newest event"))).toHaveLength(1);
	const ready = await tell("/health/ready");
	expect(ready.status).toBe(204);
	expect(Math.abs(Number(ready.headers["varve-clock-behind"]) - YEAR_S)).toBeLessThan(600);
});

test("later appends do not hide it, nor does a scavenge of the newest events", async () => {
	await appendAhead(YEAR_S);
	const log = await openSqliteLog(directory);
	await append(log, "$$b", events(1, { type: "$metadata", data: Buffer.from('{"$tb":5}') }));
	await append(log, "b", events(2));
	expect((await read(log, "$all")).last).toBe(5);
	expect((await scavenge(log)).events).toBe(2);
	await log.close();
	expect((await tell("/info")).json.clock).toMatchObject({ warning: expect.any(String) });
	expect(said.join("\n")).toContain("s behind the newest event");
});

test.each([0, 30])("a clock that is %d s behind is nothing to speak of", async (seconds) => {
	await appendAhead(seconds);
	expect((await tell("/info")).json.clock).toEqual({ behindSeconds: 0 });
	expect((await tell("/health/ready")).headers["varve-clock-behind"]).toBeUndefined();
	expect(said.join("\n")).not.toContain("behind");
});

test("an empty log has no clock to be behind", async () => {
	expect((await tell("/info")).json.clock).toEqual({ behindSeconds: 0 });
	const sent = batch("a", [{ eventId: randomUUID(), eventType: "t", data: {} }]);
	expect((await ask(Number(new URL(server?.url ?? "").port), sent)).status).toBe(201);
	expect((await tell("/info")).json.clock).toEqual({ behindSeconds: 0 });
});

test("a clock that goes back while the server runs is told of once a change, with numbers", async () => {
	let now = Date.parse("2026-06-14T09:31:22Z");
	const log = await openSqliteLog(directory, DEFAULT_LOG_LIMITS, { clock: () => now });
	const told: unknown[] = [];
	const watch = new ClockWatch(
		log,
		(what) => told.push(what),
		() => now,
	);
	const after = async (seconds: number, appends = 0) => {
		now += seconds * 1000;
		if (appends > 0) await append(log, "a", events(appends));
		await watch.look();
		return told.splice(0).map((what) => String(what).split(". ")[0]);
	};
	const behind = (seconds: number, until: string) =>
		`the clock is ${seconds} s behind the newest event of the log, which is of ${until}`;
	expect(await after(0)).toEqual([]);
	expect(await after(0, 1)).toEqual([]);
	expect(await after(-59)).toEqual([]);
	const noon = "2026-06-14T09:31:22.000Z";
	expect(await after(-3541)).toEqual([behind(3600, noon)]);
	// Neither time that goes on, nor events that get the same time, are a change.
	expect([...(await after(0, 1)), ...(await after(600)), ...(await after(-50))]).toEqual([]);
	expect(await after(-60)).toEqual([behind(3110, noon)]);
	expect(await after(3110)).toEqual(["the clock is no longer behind the newest event of the log"]);
	expect(await after(0)).toEqual([]);
	// Ahead for one append, and then set right.
	expect(await after(86_400, 1)).toEqual([]);
	expect(await after(-86_400)).toEqual([behind(86_400, "2026-06-15T09:31:22.000Z")]);
	await log.close();
	expect(await after(-86_400)).toEqual([]);
});
