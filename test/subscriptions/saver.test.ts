/** Events that are none of a subscription's move its checkpoint, too, or each start reads them again. */
import { CheckpointSaver } from "../../src/subscriptions/keeping/saver.ts";
import { parseSettings } from "../../src/subscriptions/settings.ts";
import type { Checkpoint } from "../../src/subscriptions/steps/checkpoint.ts";
import { newState } from "../../src/subscriptions/steps/state.ts";
import { step } from "../../src/subscriptions/steps/step.ts";

test("ten thousand events that are passed over are a checkpoint; fewer are none", async () => {
	const state = newState(parseSettings({}), 0, 0);
	const written: Checkpoint[] = [];
	const saver = new CheckpointSaver(state, undefined, async (checkpoint) => {
		written.push(checkpoint);
	});
	const pass = (events: number) => {
		const next = state.tracks.source.next + events;
		step(state, { kind: "found", origin: "source", messages: [], next }, 0);
		saver.passed(events);
	};
	pass(9999);
	expect(saver.dueMs(5)).toBe(Infinity);
	pass(1);
	expect(saver.dueMs(5)).toBe(5);
	await saver.save();
	expect([written, saver.dueMs(6)]).toEqual([[{ next: 10_000, open: [] }], Infinity]);
	await saver.close();
	expect(written).toHaveLength(1);
});
