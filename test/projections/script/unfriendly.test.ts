/**
 * Scripts that mean harm, or were not thought through, against the sandbox's own limits. Each costs
 * its projection at most; a good script beside them goes on.
 */
import { type Limits, openScripts, ScriptFault } from "../../../src/projections/script/script.ts";
import { eventsFrom, type KeptStates, type Tried, tryScript } from "./trying.ts";
import { atThird, LOOPS, memory, POISONS, STACK, THROWS, whole } from "./unfriendly.ts";

const MIB = 1024 * 1024;
const LIMITS = {
	...{ eventMs: 80, bodyMs: 1_000, heapBytes: 8 * MIB, stateChars: 50_000 },
	...{ emittedPerEvent: 20, logLinesPerEvent: 10, sourceBytes: 20_000 },
};
const COUNT = "fromAll().foreachStream().when({ $any(s, e) { s.n = (s.n || 0) + e.body.amount } })";

const scripts = openScripts();
let good: Tried;
let position = 0;
beforeAll(async () => {
	good = await tryScript(scripts, COUNT);
});
afterAll(() => scripts.close());

async function faultOf(source: string, given: Partial<Limits> = {}) {
	try {
		const limits = { ...LIMITS, ...given };
		const { run, script } = await tryScript(scripts, source, { limits });
		const { fault } = await run(eventsFrom(0, 5));
		await script.close();
		return fault?.kind;
	} catch (error) {
		if (error instanceof ScriptFault) return error.fault.kind;
		throw error;
	}
}

/** The good script has its state, and gets it right. */
async function expectGoodGoesOn(): Promise<void> {
	const { fault, done } = await good.run(eventsFrom(position, 3));
	position += 3;
	expect([fault, done]).toEqual([undefined, 3]);
	const sum = (position * (position - 1)) / 2;
	expect(sumOf(good.states)).toBe(sum);
}

function sumOf({ partitions }: KeptStates): number {
	return [...partitions.values()].reduce((sum, state) => sum + JSON.parse(state).n, 0);
}

/** What takes memory takes time, too, and on a busy machine so does all that goes deep. */
const PATIENT = { eventMs: 10_000 };

describe.each([
	["time", LOOPS],
	["memory", memory(LIMITS)],
	["stack", STACK],
	["what it throws or returns", THROWS],
] as const)("a script that goes wrong in %s", (_, cases) => {
	it.each(cases)("%s", async (_name, code, kind) => {
		expect(await faultOf(atThird(code), kind === "time" ? {} : PATIENT)).toBe(kind);
		await expectGoodGoesOn();
	});
});

it.each(whole(LIMITS))("a script that %s", async (_, source, kind) => {
	expect(await faultOf(source)).toBe(kind);
	await expectGoodGoesOn();
});

it.each(POISONS)("a script that poisons %s gets the next events right", async (_, code) => {
	const { run, script, states } = await tryScript(
		scripts,
		`fromAll().foreachStream().when({ $any(s, e) {
			s.n = (s.n || 0) + e.body.amount; s.list = s.list || []; s.list.push({ type: e.eventType });
			if (e.sequenceNumber === 0) try { ${code} } catch {}
		} })`,
		{ limits: LIMITS },
	);
	const { fault } = await run(eventsFrom(0, 9), { results: "last" });
	expect(fault).toBeUndefined();
	expect(sumOf(states)).toBe(36);
	await script.close();
	await expectGoodGoesOn();
});

it("finds nothing of the host", async () => {
	const names = [
		"process",
		"require",
		"fetch",
		"WebAssembly",
		"setTimeout",
		"console",
		"performance",
	];
	const more = [
		"SharedArrayBuffer",
		"Atomics",
		"WeakRef",
		"queueMicrotask",
		"eval",
		"std",
		"os",
		"bjson",
	];
	const source = `fromAll().when({ $any() {
		return ${JSON.stringify([...names, ...more])}.filter(name => typeof globalThis[name] !== "undefined");
	} })`;
	const { run, states } = await tryScript(scripts, source);
	await run(eventsFrom(0, 1));
	expect(states.all).toEqual(["=[]"]);
});

it("lets the host go on while scripts loop", async () => {
	const loops = await Promise.all(
		[1, 2, 3].map(() => tryScript(scripts, atThird("for (;;);"), { limits: LIMITS })),
	);
	let turns = 0;
	let isOver = false;
	const faults = Promise.all(loops.map(({ run }) => run(eventsFrom(0, 3)))).finally(() => {
		isOver = true;
	});
	while (!isOver) {
		turns++;
		await new Promise((resolve) => setImmediate(resolve));
	}
	expect((await faults).map(({ fault }) => fault?.kind)).toEqual(["time", "time", "time"]);
	expect(turns).toBeGreaterThan(50);
	await expectGoodGoesOn();
});
