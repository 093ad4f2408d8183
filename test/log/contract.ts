/** What every engine promises, as one suite. Each case ends with `verify`. */
import {
	DEFAULT_LOG_LIMITS,
	type HiddenReads,
	type Log,
	type LogLimits,
} from "../../src/log/log.ts";
import { append, events, name, read, refusal } from "./asking.ts";
import { appending } from "./contract/appending.ts";
import { deleting } from "./contract/deleting.ts";
import { erasing } from "./contract/erasing.ts";
import { expecting } from "./contract/expecting.ts";
import { indexing } from "./contract/indexing.ts";
import { listening } from "./contract/listening.ts";
import { reading } from "./contract/reading.ts";
import { retaining } from "./contract/retaining.ts";

export type OpenLog = (limits: LogLimits, clock: () => number) => Promise<EngineLog>;

/** A log as its engine opens it. */
export type EngineLog = Log & { readonly hidden: HiddenReads };

/** The log under test, new for each case, and the time its clock shows. */
export type Given = { log: EngineLog; now: number };

export function contract(open: OpenLog): void {
	const limits: LogLimits = { ...DEFAULT_LOG_LIMITS, pageBytesMax: 100_000 };
	const given = { now: 0 } as Given;

	beforeEach(async () => {
		given.now = 1_700_000_000_000;
		given.log = await open(limits, () => given.now);
	});

	afterEach(async () => {
		expect(await given.log.verify()).toMatchObject({ ok: true, faults: [] });
		await given.log.close();
	});

	appending(given);
	expecting(given);
	reading(given);
	indexing(given);
	deleting(given);
	retaining(given);
	erasing(given);
	listening(given);

	test("a closed log refuses appends and reads, and may be closed twice", async () => {
		const other = await open(limits, () => given.now);
		const written = append(other, "a", events(1));
		const closing = other.close();
		expect((await refusal(append(other, "a", events(1))))[0]).toBe("shutting-down");
		expect((await written).first).toBe(0);
		await closing;
		await other.close();
		expect((await refusal(read(other, "a")))[0]).toBe("shutting-down");
		expect((await refusal(other.last(name("a"))))[0]).toBe("shutting-down");
	});
}
