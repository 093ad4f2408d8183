/** A clock that was ahead for one append: nobody has to find out by what `$maxAge` leaves. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseSettings } from "../../src/config.ts";
import { DEFAULT_LOG_LIMITS } from "../../src/log/log.ts";
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
	server ??= await startServer({ ...parseSettings([], {}), data: directory, port: 0 }, operatorLog);
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
