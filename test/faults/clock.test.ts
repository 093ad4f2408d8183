/** A clock that jumps, by years, in either direction. */
import { DEFAULT_LOG_LIMITS } from "../../src/log/log.ts";
import { openSqliteLog } from "../../src/log/sqlite/log.ts";
import { randomFrom, runSeed } from "../../test/feeds/random.ts";
import { removeDirectories } from "../cli/varve.ts";
import { get } from "../http/ask.ts";
import { until } from "../http/harness.ts";
import { connect } from "../http/streaming/event-source.ts";
import { append, event, events, ids, read } from "../log/asking.ts";
import { newDirectory } from "../log/sqlite/directory.ts";
import { canPreload, newClock } from "./preload.ts";
import { closeStore, idsOf, openStore, event as sentEvent } from "./store.ts";

const NOW = Date.parse("2026-06-14T09:31:22Z");
const YEAR_S = 365.25 * 24 * 3600;
const YEAR_MS = YEAR_S * 1000;
const LONG_POLL = { "ES-LongPoll": "20" };

type Dated = { readonly updated: string };

afterAll(removeDirectories);

const withClock = canPreload("jumping-clock") ? test : test.skip;

withClock("a server goes on as if nothing had happened", async () => {
	const clock = newClock();
	const store = await openStore({ env: clock.env, options: ["--heartbeat-ms", "100"] });
	const live = await connect(store.port, "/streams/a?embed=body");
	const sent: string[] = [];
	for (const seconds of [0, 10 * YEAR_S, -20 * YEAR_S, 60, -3600]) {
		clock.jump(seconds);
		const one = sentEvent();
		const waiting = store.ask(get(`/streams/a/${sent.length}/forward/20`, undefined, LONG_POLL));
		expect((await store.append("a", [one])).status).toBe(201);
		sent.push(one.eventId);
		expect((await waiting).json.entries).toHaveLength(1);
		expect((await store.ask(get("/health/ready"))).status).toBe(204);
		// Time spans are not those of the clock: heartbeats keep their beat.
		const before = live.comments.length;
		await until(() => live.comments.length > before);
	}
	await until(() => live.messages.length === sent.length);
	expect(live.ended).toBe("no");
	expect(await idsOf(store, "a")).toEqual(sent);
	const { entries } = (await store.ask(get("/streams/a"))).json as { entries: Dated[] };
	const [first = 0, ...others] = entries.map(({ updated }) => Date.parse(updated)).reverse();
	expect(others.map((created) => Math.round((created - first) / YEAR_MS))).toEqual([
		10, 10, 10, 10,
	]);
	// Ten years ahead, then twenty back: the clock of the last appends is behind the log.
	const behind = /WARN +the clock is (\d+) s behind the newest event of the log, which is of 20/;
	await until(() => behind.test(store.server.stderr()));
	expect(Number(behind.exec(store.server.stderr())?.[1])).toBeGreaterThan(9 * YEAR_S);
	await closeStore(store);
});

test("`created` never falls, whatever the clock says, and appends do not wait for it", async () => {
	const random = randomFrom(runSeed());
	let now = NOW;
	const directory = newDirectory();
	const open = () => openSqliteLog(directory, DEFAULT_LOG_LIMITS, { clock: () => now });
	let log = await open();
	let highest = 0;
	const expected: number[] = [];
	for (let jump = 0; jump < 60; jump++) {
		now = NOW + random.pick([-10 * YEAR_MS, -1000, -1, 0, 1, 1000, jump * 1000, YEAR_MS]);
		if (jump % 15 === 14) {
			await log.close();
			log = await open();
		}
		await append(log, "a", events(2));
		highest = Math.max(highest, now);
		expected.push(highest, highest);
	}
	const { entries } = await read(log, "a");
	expect(entries.map(({ event }) => event.created)).toEqual(expected);
	expect(await log.verify()).toMatchObject({ ok: true, faults: [] });
	await log.close();
});

test("`$maxAge` goes by the clock there is: what it hid comes back when time does", async () => {
	let now = NOW;
	const log = await openSqliteLog(newDirectory(), DEFAULT_LOG_LIMITS, { clock: () => now });
	const [early, late, behind] = [event(), event(), event()];
	await append(log, "a", [early]);
	await append(log, "$$a", [event({ type: "$metadata", data: Buffer.from('{"$maxAge":60}') })]);
	const shown = async () => ids(await read(log, "a"));
	expect(await shown()).toEqual([early.id]);

	now = NOW + YEAR_MS;
	expect(await shown()).toEqual([]);
	await append(log, "a", [late]);
	expect(await shown()).toEqual([late.id]);

	// Back again: what was written in the meantime is of the future, and so not too old.
	now = NOW + 1000;
	await append(log, "a", [behind]);
	expect(await shown()).toEqual([early.id, late.id, behind.id]);
	now = NOW + 120_000;
	expect(await shown()).toEqual([late.id, behind.id]);
	now = NOW - 10 * YEAR_MS;
	expect(await shown()).toEqual([early.id, late.id, behind.id]);
	await log.close();
});
