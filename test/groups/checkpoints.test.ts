/** A checkpoint that a member has an answer for is on disk, also if a write failed in between. */
import { Refusal } from "../../src/errors.ts";
import { parseDefinition } from "../../src/groups/definition.ts";
import { Groups } from "../../src/groups/groups.ts";
import { createMemoryLog } from "../../src/log/memory.ts";
import { replacing } from "../log/asking.ts";
import { toldTo } from "../observe/told.ts";

test("a checkpoint that is said again after its write has failed is written", async () => {
	let isFull = false;
	const inner = createMemoryLog();
	const log = replacing(inner, {
		append: async (append) => {
			if (isFull) throw new Refusal("disk-full", { reason: "no room" } as never);
			return inner.append(append);
		},
	});
	const operatorLog = toldTo(() => undefined);
	const events = [0, 1, 2].map((n) => {
		const id = `00000000-0000-4000-8000-00000000000${n + 1}`;
		return { id, type: "t", isJson: true, data: Buffer.from("1"), metadata: Buffer.alloc(0) };
	});
	await inner.append({ stream: "s" as never, expected: "any", events });
	const groups = new Groups({ log, operatorLog });
	const given = new Map<string, unknown>([
		["stream", "s"],
		["partitions", 1],
	]);
	await groups.define("g", parseDefinition(given), undefined);
	const group = await groups.get("g");
	const { held } = await group.join({ id: "m", name: "", login: "" });
	const [{ partition, generation } = { partition: -1, generation: -1 }] = held;
	const said = { checkpoints: [{ partition, generation, at: 2 }], released: [] };

	isFull = true;
	await expect(group.renew("m", said)).rejects.toMatchObject({ word: "disk-full" });
	await expect(group.renew("m", said)).rejects.toMatchObject({ word: "disk-full" });
	isFull = false;
	await group.renew("m", said);
	await groups.close();

	const anew = new Groups({ log: inner, operatorLog });
	expect((await anew.require("g")).checkpoints).toEqual([2]);
	await anew.close();
	await inner.close();
});
