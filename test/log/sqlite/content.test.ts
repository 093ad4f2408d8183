import Database from "better-sqlite3";
import { logFile } from "../../../src/log/sqlite/files/directory.ts";
import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { append, event, events, read, refusal } from "../asking.ts";
import { newDirectory } from "./directory.ts";

describe("the content of a read", () => {
	test("is what was sent, byte for byte, however much there is of it", async () => {
		const log = await openSqliteLog(newDirectory());
		const large = Uint8Array.from({ length: 1_500_000 }, (_, index) => (index * 7) % 251);
		const small = Uint8Array.of(0, 255, 254);
		const sent = [small, large, small].map((data) =>
			event({ isJson: false, data, metadata: small }),
		);
		await append(log, "a", sent);
		for (const stream of ["a", "$all"]) {
			for (const direction of ["forward", "backward"] as const) {
				const { entries } = await read(log, stream, {
					from: 2 * Number(direction === "backward"),
					direction,
				});
				const expected = [small, large, small];
				expect(
					entries.map(({ event }, at) => Buffer.compare(event.data, expected[at] ?? large)),
				).toEqual([0, 0, 0]);
				expect(entries.map(({ event }) => [...event.metadata])).toEqual([
					[...small],
					[...small],
					[...small],
				]);
			}
		}
		expect((await log.verify()).ok).toBe(true);
		await log.close();
	});
});

describe("the heads of a read", () => {
	test("have the types and ids that were sent, in both directions", async () => {
		const log = await openSqliteLog(newDirectory());
		const types = ["a", 'quoted "twice"', "back\\slash", "κόσμε-🪨", "\u2028", "[1,2]", "a"];
		const sent = types.map((type) => event({ type }));
		await append(log, "a", sent);
		const ids = sent.map(({ id }) => id);
		for (const stream of ["a", "$all"]) {
			const forward = (await read(log, stream)).entries;
			expect(forward.map(({ event }) => [event.id, event.type])).toEqual(
				ids.map((id, at) => [id, types[at]]),
			);
			const backward = await read(log, stream, { from: "head", direction: "backward" });
			expect(backward.entries).toEqual(forward.toReversed());
		}
		await log.close();
	});

	test("are damaged if a column holds bytes that never holds any", async () => {
		const directory = newDirectory();
		const log = await openSqliteLog(directory);
		await append(log, "a", events(3));
		await log.close();
		const raw = new Database(logFile(directory)).unsafeMode();
		raw.exec("DROP TRIGGER events_are_never_updated; PRAGMA writable_schema = ON");
		raw.exec("UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') WHERE name = 'events'");
		raw.exec("PRAGMA writable_schema = RESET");
		raw.exec("UPDATE events SET type = x'fffe' WHERE position = 1");
		raw.close();
		const damaged = await openSqliteLog(directory);
		expect((await refusal(read(damaged, "a")))[0]).toBe("log-damaged");
		expect((await read(damaged, "a", { limit: 1 })).entries).toHaveLength(1);
		await damaged.close();
	});
});
