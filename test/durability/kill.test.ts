/** Kills a process that appends, at random moments, again and again on one directory. */
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { createInterface } from "node:readline";
import type { Log } from "../../src/log/log.ts";
import { openSqliteLog } from "../../src/log/sqlite/log.ts";
import { append, event, name, read } from "../log/asking.ts";
import { newDirectory } from "../log/sqlite/directory.ts";

const KILLS = 20;
const ACKNOWLEDGEMENTS_MAX = 150;

test("every acknowledged event survives twenty kills, once", async () => {
	const directory = newDirectory();
	const acknowledged = new Map<string, { stream: string; version: number }>();
	let killed = 0;
	for (; killed < KILLS; killed++) {
		const enough = 1 + randomInt(ACKNOWLEDGEMENTS_MAX);
		for (const line of await appendUntilKilled(directory, enough)) {
			const [id, stream, version] = line.split(" ") as [string, string, string];
			acknowledged.set(id, { stream, version: Number(version) });
		}
	}
	expect(acknowledged.size).toBeGreaterThan(KILLS);

	const log = await openSqliteLog(directory);
	try {
		expect(await log.verify()).toMatchObject({ ok: true, faults: [] });
		const found = await readAll(log);
		expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
		const places = new Map(found.map(({ id, stream, version }) => [id, { stream, version }]));
		for (const [id, place] of acknowledged) expect([id, places.get(id)]).toEqual([id, place]);
		const [id, { stream }] = [...acknowledged][0] as [string, { stream: string }];
		expect((await append(log, stream, [event({ id })])).repeated).toBe(true);
	} finally {
		await log.close();
	}
});

/** Runs the appending process, kills it after `enough` acknowledgements, returns all it gave. */
async function appendUntilKilled(directory: string, enough: number): Promise<string[]> {
	const built = new URL("../../dist/src/log/sqlite/log.js", import.meta.url).href;
	const child = spawn(
		process.execPath,
		["--input-type=module", "-e", APPENDING, built, directory],
		{ stdio: ["ignore", "pipe", "inherit"] },
	);
	const exited = new Promise<string | null>((resolve) => {
		child.once("exit", (_, signal) => resolve(signal));
	});
	const lines: string[] = [];
	for await (const line of createInterface(child.stdout)) {
		// A last line without its line end may be half a line; whole ones have an end mark.
		if (line.endsWith(" .")) lines.push(line.slice(0, -2));
		if (lines.length === enough) child.kill("SIGKILL");
	}
	expect(await exited).toBe("SIGKILL");
	return lines;
}

/**
 * Eight clients, each with its streams, batches of one to three; writes `id stream version .` a
 * line.
 */
const APPENDING = `
	import { randomInt, randomUUID } from "node:crypto";
	import { writeSync } from "node:fs";
	const [built, directory] = process.argv.slice(1);
	const { openSqliteLog } = await import(built);
	const log = await openSqliteLog(directory);
	// The pipe does not block: while its reader is busy, it may be full.
	const say = (line) => {
		for (;;) {
			try {
				return writeSync(1, line);
			} catch (error) {
				if (error.code !== "EAGAIN") throw error;
			}
		}
	};
	await Promise.all(Array.from({ length: 8 }, async (_, client) => {
		for (;;) {
			const stream = "client-" + client + "-" + randomInt(3);
			const events = Array.from({ length: 1 + randomInt(3) }, () => ({
				id: randomUUID(), type: "Tick", isJson: true,
				data: Buffer.alloc(randomInt(3000), "x"), metadata: Buffer.alloc(0),
			}));
			const { first } = await log.append({ stream, expected: "any", events });
			events.forEach(({ id }, index) => say([id, stream, first + index, ".\\n"].join(" ")));
		}
	}));`;

async function readAll(log: Log) {
	const found = [];
	for (let from = 0; ; from += 4096) {
		const { last, entries } = await read(log, "$all", { from, content: false });
		found.push(...entries.map((entry) => entry.event));
		if (from + 4096 > last) break;
	}
	expect(await log.last(name("$all"))).toBe(found.length - 1);
	return found;
}
