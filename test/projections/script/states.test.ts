import { readdirSync, readFileSync } from "node:fs";
import { openScripts, SandboxLost } from "../../../src/projections/script/script.ts";
import { eventAt, eventsFrom, KeptStates, tryScript } from "./trying.ts";

const scripts = openScripts();
afterAll(() => scripts.close());

const COUNT = "fromAll().foreachStream().when({ $any(s, e) { s.n = (s.n || 0) + 1 } })";

describe("a state", () => {
	it("is what JSON says of it from the next event on, as after a restart", async () => {
		const source = `fromAll().when({ $any(s, e) {
			if (s.at) { s.was = typeof s.at; s.same = s.one === s.two }
			s.at = new Date(); s.one = { a: 1 }; s.two = s.one; s.minus = -0; s.none = undefined;
		} })`;
		const { run, states } = await tryScript(scripts, source);
		await run(eventsFrom(0, 2));
		expect(JSON.parse(states.partitions.get("") ?? "")).toEqual({
			...{ at: "2026-03-01T00:00:01.000Z", was: "string", same: false },
			...{ one: { a: 1 }, two: { a: 1 }, minus: 0 },
		});
	});

	it("cannot be changed through what a script kept of it while another one is worked on", async () => {
		const source = `var kept; fromAll().foreachStream().when({
			$init() { return { list: [] } },
			$any(s, e) {
				if (!kept) kept = s.list;
				else try { kept.push("from outside"); s.got = "in" } catch (error) { s.got = error.message }
			},
		})`;
		const { run, states } = await tryScript(scripts, source);
		await run(eventsFrom(0, 2));
		expect(states.partitions.get("order-0")).toBe('{"list":[]}');
		expect(states.partitions.get("order-1")).toBe(
			'{"list":[],"got":"a state cannot be used after its event"}',
		);
	});

	it("shares nothing with events and with what was put into it", async () => {
		const source = `var kept, item = { n: 0 }; fromAll().when({ $any(s, e) {
			if (kept) { kept.amount = "changed"; item.n = "changed" }
			kept = e.body;
			s.first = s.first || e.body; s.item = s.item || item;
		} })`;
		const { run, states } = await tryScript(scripts, source);
		await run(eventsFrom(0, 3));
		expect(JSON.parse(states.partitions.get("") ?? "")).toEqual({
			first: { amount: 0, item: "item 0" },
			item: { n: 0 },
		});
	});

	it("takes any name as a key, also those that objects inherit", async () => {
		const names = ["constructor", "toString", "hasOwnProperty", "valueOf", "then", "length"];
		const source = "fromAll().when({ $any(s, e) { s[e.eventType] = (s[e.eventType] || 0) + 1 } })";
		const { run, states } = await tryScript(scripts, source);
		const events = names.flatMap((type, at) => [
			eventAt(at * 2, { type }),
			eventAt(at * 2 + 1, { type }),
		]);
		await run(events);
		const state = JSON.parse(states.partitions.get("") ?? "");
		// What an object inherits is there before it is set: scripts that count names should ask hasOwn.
		expect(Object.keys(state)).toEqual(names);
		expect([state.then, state.length]).toEqual([2, 2]);
	});

	it("is too long only if it is handed out, and then takes the batch with it", async () => {
		const source = "fromAll().when({ $any(s, e) { s.text = (s.text || '') + 'x'.repeat(40) } })";
		const { run, states } = await tryScript(scripts, source, { limits: { stateChars: 100 } });
		await run(eventsFrom(0, 2));
		const { fault, isLost, done } = await run(eventsFrom(2, 2));
		expect([fault?.kind, isLost, done, fault?.event?.position]).toEqual(["state-size", true, 0, 3]);
		expect(states.partitions.get("")).toHaveLength(91);
	});
});

describe("time and chance", () => {
	const source = `fromAll().when({ $any(s, e) {
		s.times = (s.times || []).concat([[Date.now(), new Date().toISOString(), new Date(0).getTime()]]);
		s.chances = (s.chances || []).concat([Math.random(), Math.random()]);
	} })`;

	it("are functions of the event, on each run and after each restart", async () => {
		const once = await tryScript(scripts, source);
		await once.run(eventsFrom(0, 4));
		const states = new KeptStates();
		for (const at of [0, 1, 2, 3]) {
			const { run, script } = await tryScript(scripts, source, { states });
			await run(eventsFrom(at, 1));
			await script.close();
		}
		expect(states.all).toEqual(once.states.all);
		const { times, chances } = JSON.parse(states.partitions.get("") ?? "");
		const { created } = eventAt(3);
		expect(times[3]).toEqual([created, new Date(created).toISOString(), 0]);
		expect(new Set(chances).size).toBe(8);
		expect(chances.every((chance: number) => chance >= 0 && chance < 1)).toBe(true);
	});
});

describe("states that the sandbox does not hold", () => {
	it("are asked for at most once for a batch, and new partitions of a new script never", async () => {
		const fresh = await tryScript(scripts, COUNT, { startsFromNothing: true });
		await fresh.run(eventsFrom(0, 30));
		expect(fresh.states.asked).toBe(0);
		const { states } = fresh;
		const again = await tryScript(scripts, COUNT, { states });
		await again.run(eventsFrom(30, 30));
		await again.run(eventsFrom(60, 30));
		expect(states.asked).toBe(1);
		expect(states.all).toEqual(["order-0", "order-1", "order-2"].map((name) => `${name}={"n":30}`));
	});

	it("are dropped beyond a limit once they were handed out, and come back", async () => {
		const source =
			"fromAll().partitionBy(e => e.position).when({ $any(s, e) { s.n = (s.n || 0) + 1 } })";
		const byNumber = source.replace("e.position", "e.body.amount % 50");
		const limits = { partitionsHeld: 10 };
		const { run, states } = await tryScript(scripts, byNumber, { limits, startsFromNothing: true });
		const first = await run(eventsFrom(0, 50));
		// A batch keeps what it needs.
		expect(first.held.partitions).toBe(50);
		await run(eventsFrom(50, 5));
		const { held } = await run(eventsFrom(60, 5));
		expect(held.partitions).toBeLessThan(20);
		await run(eventsFrom(55, 5));
		await run([...eventsFrom(65, 35)]);
		expect(states.all).toEqual(Array.from({ length: 50 }, (_, at) => `${at}={"n":2}`).sort());
	});

	it("are not there for a partition without events", async () => {
		const { script, run } = await tryScript(scripts, COUNT);
		expect(await script.look("order-0")).toEqual({});
		await run(eventsFrom(0, 1));
		expect(await script.look("order-0")).toEqual({ state: '{"n":1}', result: '{"n":1}' });
		await script.unload(0);
		expect(await script.look("order-0")).toEqual({ state: '{"n":1}', result: '{"n":1}' });
	});
});

it("calls that overlap are taken one after another", async () => {
	const { script } = await tryScript(scripts, COUNT);
	const answers = await Promise.all([
		script.run(eventsFrom(0, 3), { handOut: true }),
		script.look("order-0"),
		script.run(eventsFrom(3, 3)),
		script.look("order-0"),
	]);
	expect([answers[1].state, answers[3].state]).toEqual(['{"n":1}', '{"n":2}']);
});

it("a long batch is the same as its parts", async () => {
	const filler = "x".repeat(400_000);
	const events = eventsFrom(0, 12).map((event) => ({
		...event,
		metadata: JSON.stringify({ filler }),
	}));
	const source = `fromAll().foreachStream().when({ $any(s, e) {
		s.n = (s.n || 0) + e.metadata.filler.length; emit("out", "T", { n: s.n });
		if (e.body.amount === 10) throw 1;
	} })`;
	const { run, states } = await tryScript(scripts, source);
	const outcome = await run(events, { results: "last" });
	expect([outcome.done, outcome.handled, outcome.fault?.event?.position]).toEqual([10, 10, 10]);
	expect(outcome.emitted.map(({ event }) => event)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
	expect(outcome.results.map(({ event }) => event)).toEqual([7, 8, 9]);
	expect(states.partitions.get("order-0")).toBe('{"n":1600000}');
});

const isLinux = process.platform === "linux";
(isLinux ? it : it.skip)(
	"a process that dies takes no answer with it: all who wait are told",
	async () => {
		const others = new Set(childrenNamed("process/process.js"));
		const own = openScripts();
		const loop = await tryScript(own, "fromAll().when({ $any() { for (;;); } })", {
			limits: { eventMs: 60_000 },
		});
		const idle = await tryScript(own, COUNT);
		const running = loop.run(eventsFrom(0, 1));
		const [pid] = childrenNamed("process/process.js").filter((child) => !others.has(child));
		process.kill(Number(pid), "SIGKILL");
		await expect(running).rejects.toBeInstanceOf(SandboxLost);
		await expect(idle.run(eventsFrom(0, 1))).rejects.toBeInstanceOf(SandboxLost);
		// Both start again, the one that ran in a process of its own.
		const again = await tryScript(own, COUNT, { states: idle.states });
		const suspect = await tryScript(own, "fromAll().when({ $any() { for (;;); } })");
		expect(await again.run(eventsFrom(0, 1))).toMatchObject({ done: 1 });
		expect(own.usage().processes).toBe(2);
		await suspect.script.close();
		await own.close();
	},
);

/** The processes that this one started and that run a file. */
function childrenNamed(file: string): number[] {
	const known = new Set<number>();
	for (const pid of readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.map(Number)) {
		try {
			const parent = Number(
				readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[1],
			);
			const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
			if (parent === process.pid && command.includes(file)) known.add(pid);
		} catch {
			// It has ended.
		}
	}
	return [...known];
}
