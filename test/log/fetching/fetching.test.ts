import { DEFAULT_LOG_LIMITS } from "../../../src/log/log.ts";
import { append, event, events, name, read } from "../asking.ts";
import { contract } from "../contract.ts";
import { FetchingLog } from "./engine.ts";

describe("a log whose facts are a round trip away", () => {
	contract(async (limits, clock) => new FetchingLog(limits, clock));

	test("appends all that waits in two round trips, whatever depends on what", async () => {
		const log = new FetchingLog(DEFAULT_LOG_LIMITS, Date.now);
		const batch = events(2);
		const sent = [
			append(log, "a", batch, "no-stream"),
			append(log, "a", events(1), 1),
			append(log, "a", batch, "no-stream"),
			append(log, "$$a", [event({ data: Buffer.from('{"$tb":9223372036854775807}') })]),
			append(log, "a", events(1), 2),
		];
		const answers = await Promise.all(sent);
		expect(log.roundTrips).toBe(2);
		expect(answers.map(({ first, repeated }) => [first, repeated])).toEqual([
			[0, false],
			[2, false],
			[0, true],
			[0, false],
			[3, false],
		]);
		expect((await read(log, "a")).retention?.first).toBe(3);
		await log.close();
	});

	test("answers repeats in the round trips of their group, also those of the same group", async () => {
		const log = new FetchingLog(DEFAULT_LOG_LIMITS, Date.now);
		const [old, young] = [events(2), events(3)];
		await append(log, "a", old);
		await append(log, "b", events(4));
		log.roundTrips = 0;
		const answers = await Promise.all([
			append(log, "a", old, "no-stream"),
			append(log, "c", events(1)),
			append(log, "a", young, 1),
			append(log, "a", young, 1),
			append(log, "a", young),
			append(log, "a", old, "stream-exists"),
			append(log, "c", events(1)),
		]);
		expect(log.roundTrips).toBe(2);
		expect(answers.map(({ first, position, repeated }) => [first, position, repeated])).toEqual([
			[0, 1, true],
			[0, 6, false],
			[2, 9, false],
			[2, 9, true],
			[2, 9, true],
			[0, 1, true],
			[1, 10, false],
		]);
		expect((await read(log, "$all")).entries.map(({ event }) => event.stream)).toEqual(
			["a", "a", "b", "b", "b", "b", "c", "a", "a", "a", "c"].map(name),
		);
		await log.close();
	});

	test("reads a page in two round trips, and three where links lead on", async () => {
		const log = new FetchingLog(DEFAULT_LOG_LIMITS, Date.now);
		await append(log, "a", events(30));
		log.roundTrips = 0;
		expect((await read(log, "a", { limit: 20 })).entries).toHaveLength(20);
		expect(log.roundTrips).toBe(2);
		const links = [1, 5, 40].map((version) =>
			event({ type: "$>", isJson: false, data: Buffer.from(`${version}@a`) }),
		);
		await append(log, "b", links);
		log.roundTrips = 0;
		expect((await read(log, "b")).entries.map(({ link }) => link !== undefined)).toEqual([
			true,
			true,
			false,
		]);
		expect(log.roundTrips).toBe(3);
		await log.close();
	});
});
