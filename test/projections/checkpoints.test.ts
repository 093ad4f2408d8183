/** What a projection keeps of its past in the stream of its checkpoints, and what it hides. */
import type { StreamName } from "../../src/event.ts";
import { createMemoryLog } from "../../src/log/memory.ts";
import { Checkpoints } from "../../src/projections/keeping/checkpoints.ts";
import { OwnLog } from "../../src/projections/keeping/own-log.ts";

const STREAM = "$projections-counted-checkpoint" as StreamName;
const MARK = "id:0";
const STEPS = 1700;

const text = (state: string) => ({ state, result: undefined });
const step = (next: number) => ({
	next,
	tag: `{"$c":${next},"$p":${next}}`,
	...{ cursors: {}, handled: next, isCompleted: false, shared: undefined, origin: "one" },
});

/** Ten positions a step; each changes one state, and the other one never changes again. */
async function kept(): Promise<OwnLog> {
	const own = new OwnLog(createMemoryLog());
	const keeper = new Checkpoints(own, STREAM, MARK);
	await keeper.load();
	await keeper.save(step(0), new Map([["still", text("0")]]));
	for (let at = 1; at <= STEPS; at++) {
		await keeper.save(step(10 * at), new Map([["", text(String(at))]]));
	}
	return own;
}

let own: OwnLog;
beforeAll(async () => {
	own = await kept();
});

test("a start reads little, and the past is there for some hundreds of steps", async () => {
	const newest = await own.read(STREAM, "head", 1);
	const shown = (newest?.last ?? 0) + 1 - (newest?.retention?.first ?? 0);
	expect(shown).toBeGreaterThanOrEqual(1000);
	expect(shown).toBeLessThan(4500);
	const restarted = new Checkpoints(own, STREAM, MARK);
	await restarted.load();
	expect(restarted.checkpoint).toMatchObject({ next: 10 * STEPS, partitions: 2, origin: "one" });
	expect((await restarted.state(""))?.state).toBe(String(STEPS));
	expect((await restarted.state("still"))?.state).toBe("0");

	const past = new Checkpoints(own, STREAM, MARK);
	await past.load(10 * (STEPS - 300) + 5);
	expect(past.checkpoint).toMatchObject({ next: 10 * (STEPS - 300) });
	expect((await past.state(""))?.state).toBe(String(STEPS - 300));
});

test("what another epoch has kept counts for nothing", async () => {
	const other = new Checkpoints(own, STREAM, "id:1");
	await other.load();
	expect([other.checkpoint, other.size]).toEqual([undefined, 0]);
});
