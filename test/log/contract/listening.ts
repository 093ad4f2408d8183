/** The contract of listening: who hears of a commit, in which order, and before what. */
import { setImmediate } from "node:timers/promises";
import type { Commit } from "../../../src/log/log.ts";
import { append, event, events, name, read, refusal, scavenge } from "../asking.ts";
import type { EngineLog, Given } from "../contract.ts";

export function listening(given: Given): void {
	let log: EngineLog;
	beforeEach(() => {
		log = given.log;
	});

	describe("a listener", () => {
		test("hears of a commit before what asked for it resolves", async () => {
			const heard: Commit[] = [];
			log.onCommit((commit) => heard.push(commit));
			const told = () => [heard.length, heard.at(-1)?.last, heard.at(-1)?.erasures];
			await append(log, "a", events(3));
			expect(told()).toEqual([1, 2, undefined]);
			await log.redact({ stream: name("a"), version: 2, metadata: false });
			expect(told()).toEqual([2, 2, 1]);
			await append(log, "$$a", [event({ type: "$metadata", data: Buffer.from('{"$tb":1}') })]);
			expect(told()).toEqual([3, 3, undefined]);
			await scavenge(log);
			expect(told()).toEqual([4, 3, 2]);
			await log.delete({ stream: name("a"), expected: "any", hard: true });
			expect(told()).toEqual([5, 4, undefined]);
		});

		test("hears of commits in the order of the log, and of none twice", async () => {
			const lastVersions: number[] = [];
			log.onCommit(({ last }) => lastVersions.push(last));
			const sent = Array.from({ length: 100 }, (_, i) => append(log, `s-${i % 7}`, events(2)));
			const answers = await Promise.all(sent);
			expect(lastVersions).toEqual([...new Set(lastVersions)].sort((a, b) => a - b));
			expect(lastVersions.at(-1)).toBe(199);
			// Each answer stands in a commit that was told, whichever it was.
			for (const { position } of answers)
				expect(position).toBeLessThanOrEqual(lastVersions.at(-1) ?? -1);
		});

		test("hears of appends and erasures in the order of the log", async () => {
			await append(log, "a", events(200));
			await append(log, "$$b", [event({ type: "$metadata", data: Buffer.from('{"$tb":200}') })]);
			await append(log, "b", events(200));
			const heard: Commit[] = [];
			log.onCommit((commit) => heard.push(commit));
			for (let version = 0; version < 200; version++) {
				await Promise.all([
					log.redact({ stream: name("a"), version, metadata: false }),
					append(log, "c", events(1)),
					version % 50 === 0 ? log.scavenge(0) : append(log, "d", events(1)),
				]);
			}
			const lasts = heard.map(({ last }) => last);
			expect(lasts).toEqual(lasts.toSorted((a, b) => a - b));
			expect(lasts.at(-1)).toBe(400 + 200 + 196);
			const counts = heard.flatMap(({ erasures }) => erasures ?? []);
			expect(counts).toEqual(counts.map((_, index) => index + 1));
			expect(counts.at(-1)).toBe(log.erasures);
		});

		test("is called after those that were registered before it", async () => {
			const called: string[] = [];
			const tell = (who: string) => () => called.push(who);
			log.onCommit(tell("first"));
			const stop = log.onCommit(tell("second"));
			log.onCommit(tell("third"));
			await append(log, "a", events(1));
			stop();
			log.onCommit(tell("fourth"));
			await append(log, "a", events(1));
			expect(called).toEqual(["first", "second", "third", "first", "third", "fourth"]);
		});

		test("that is registered twice is called twice, and stops one at a time", async () => {
			let calls = 0;
			const listener = () => calls++;
			const [stop] = [log.onCommit(listener), log.onCommit(listener)];
			await append(log, "a", events(1));
			expect(calls).toBe(2);
			stop?.();
			stop?.();
			await append(log, "a", events(1));
			expect(calls).toBe(3);
		});

		test("that another one stops, or adds, within a commit has no part in that commit", async () => {
			const called: string[] = [];
			log.onCommit(() => {
				called.push("first");
				stop();
				if (called.length === 1) log.onCommit(() => called.push("late"));
			});
			const stop = log.onCommit(() => called.push("stopped"));
			await append(log, "a", events(1));
			expect(called).toEqual(["first"]);
			await append(log, "a", events(1));
			expect(called).toEqual(["first", "first", "late"]);
		});

		test("hears nothing of what was refused, repeated, or changed nothing", async () => {
			const batch = events(2);
			await append(log, "a", batch);
			await log.redact({ stream: name("a"), version: 1, metadata: true });
			let calls = 0;
			log.onCommit(() => calls++);
			await append(log, "a", batch);
			await refusal(append(log, "a", events(1), "no-stream"));
			await refusal(log.delete({ stream: name("none"), expected: 0, hard: false }));
			await log.redact({ stream: name("a"), version: 1, metadata: true });
			await scavenge(log);
			await refusal(log.redact({ stream: name("a"), version: 9, metadata: true }));
			expect(calls).toBe(0);
		});

		test("hears of the last commits before the log is closed, and of nothing after", async () => {
			const heard: number[] = [];
			log.onCommit(({ last }) => heard.push(last));
			const sent = Array.from({ length: 20 }, () => append(log, "a", events(1)));
			await log.close();
			expect(heard.at(-1)).toBe(19);
			expect((await Promise.all(sent)).map(({ position }) => position)).toHaveLength(20);
			await refusal(append(log, "a", events(1)));
			expect(heard.at(-1)).toBe(19);
		});
	});

	describe("a read", () => {
		test("shows no commit that the listeners have not heard of", async () => {
			let heard = -1;
			log.onCommit(({ last }) => {
				heard = last;
			});
			// The first event of each stream, so that every one of them grows an index as well.
			const sent = Array.from({ length: 300 }, async (_, i) => {
				for (let turn = 0; turn < i % 10; turn++) await setImmediate();
				await append(log, `order-${i}`, events(2, { data: Buffer.alloc(20_000) }));
			});
			let isDone = false;
			const all = Promise.all(sent).then(() => {
				isDone = true;
			});
			const shown = [0, 0];
			while (!isDone) {
				const head = { from: "head", limit: 1, direction: "backward", content: false } as const;
				const { last } = await read(log, "$all", head);
				shown[0] = Math.max(shown[0] ?? 0, last - heard);
				const { entries } = await read(log, "$ce-order", head);
				shown[1] = Math.max(shown[1] ?? 0, Number(entries[0]?.event.position ?? -1) - heard);
				expect(Number(await log.last(name("$streams")))).toBeLessThanOrEqual((heard + 1) / 2);
				await setImmediate();
			}
			await all;
			expect(shown).toEqual([0, 0]);
		});

		test("is refused for a delete only once the listeners have heard of it", async () => {
			const deleted = new Set<string>();
			log.onCommit(({ marked }) => {
				for (const stream of marked) deleted.add(stream);
			});
			for (let i = 0; i < 20; i++) {
				await append(log, `a-${i}`, events(1));
				const gone = log.delete({ stream: name(`a-${i}`), expected: "any", hard: true });
				for (let isGone = false; !isGone; await setImmediate()) {
					isGone = await read(log, `a-${i}`).then(
						() => false,
						() => true,
					);
				}
				expect(deleted).toContain(`a-${i}`);
				await gone;
			}
		});

		test("finds no id that the listeners have not heard of", async () => {
			const lasts = new Map<string, number>();
			log.onCommit(({ last, streams }) => {
				lasts.set("$all", last);
				for (const [stream, version] of streams) lasts.set(stream, version);
			});
			for (let turn = 0; turn < 20; turn++) {
				const sent = event({ data: Buffer.alloc(200_000) });
				let isDone = false;
				const appended = append(log, "order-1", [sent]).then(() => {
					isDone = true;
				});
				while (!isDone) {
					for (const stream of ["$all", "order-1"]) {
						const found = await log.locate(name(stream), sent.id);
						expect(Number(found ?? -1)).toBeLessThanOrEqual(lasts.get(stream) ?? -1);
					}
					await setImmediate();
				}
				await appended;
			}
		});

		test("shows no erasure that the listeners have not heard of", async () => {
			await append(log, "a", events(40, { data: Buffer.alloc(5000) }));
			for (let version = 0; version < 40; version++) {
				let isDone = false;
				const redacted = log.redact({ stream: name("a"), version, metadata: false }).then(() => {
					isDone = true;
				});
				while (!isDone) {
					const { entries } = await read(log, "a", { from: version, limit: 1 });
					if (entries[0]?.event.isRedacted) expect(log.erasures).toBe(version + 1);
					await setImmediate();
				}
				await redacted;
			}
		});
	});

	describe("the number of erasures", () => {
		test("that is the same before a read and after a later one: none came between", async () => {
			await append(log, "a", events(60));
			const erasing = (async () => {
				for (let version = 0; version < 60; version++) {
					await log.redact({ stream: name("a"), version, metadata: false });
				}
			})();
			const redacted = async () =>
				(await read(log, "a")).entries.filter(({ event }) => event.isRedacted).length;
			while (log.erasures < 60) {
				const before = log.erasures;
				const first = await redacted();
				await setImmediate();
				const second = await redacted();
				if (log.erasures !== before) continue;
				expect([first, second]).toEqual([before, before]);
			}
			await erasing;
			expect([await redacted(), log.erasures]).toEqual([60, 60]);
		});

		test("counts what changed something, and no other call", async () => {
			expect(log.erasures).toBe(0);
			await append(log, "a", [event({ metadata: Buffer.from("{}") }), event()]);
			const redact = (metadata: boolean) => log.redact({ stream: name("a"), version: 0, metadata });
			await redact(false);
			await redact(false);
			expect(log.erasures).toBe(1);
			await redact(true);
			await redact(true);
			expect(log.erasures).toBe(2);
			await refusal(log.redact({ stream: name("a"), version: 7, metadata: true }));
			await scavenge(log);
			expect(log.erasures).toBe(2);
		});
	});

	test("the first history of a log has the number 1, whatever is done to the log", async () => {
		expect(log.incarnation).toBe(1);
		await append(log, "a", events(2));
		await log.redact({ stream: name("a"), version: 0, metadata: true });
		await log.delete({ stream: name("a"), expected: "any", hard: true });
		expect(log.incarnation).toBe(1);
	});

	test("the writer answers while the log is open", async () => {
		const sent = append(log, "a", events(1));
		await log.writerAnswers();
		await sent;
		await log.close();
		expect((await refusal(log.writerAnswers()))[0]).toBe("shutting-down");
	});

	test("no read that a client can ask for shows what is hidden", async () => {
		await append(log, "a", events(3));
		await log.delete({ stream: name("a"), expected: "any", hard: true });
		const range = { from: 0, limit: 9, direction: "forward", content: true, hidden: true } as const;
		expect((await refusal(log.read({ stream: name("a"), ...range })))[0]).toBe("stream-deleted");
		expect((await read(log.hidden, "a")).entries).toHaveLength(4);
	});
}
