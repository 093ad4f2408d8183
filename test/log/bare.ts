/** What a server needs of a log in memory, which has no tree and cannot be moved. */

import type { createMemoryLog } from "../../src/log/memory.ts";
import type { OpenedLog } from "../../src/log/open.ts";
import type { Upkeep } from "../../src/upkeep/upkeep.ts";
import { Verifications } from "../../src/upkeep/verifications.ts";
import { toldTo } from "../observe/told.ts";
import { unmeasured } from "./unmeasured.ts";

type Bare = Pick<OpenedLog, "hidden" | "tree" | "moves" | "measured" | "questions"> & {
	readonly upkeep: Upkeep;
};

export function bare(log: ReturnType<typeof createMemoryLog>): Bare {
	const { hidden } = log;
	const verifications = new Verifications(log, "/nowhere/at/all", toldTo(console.error), []);
	return {
		hidden,
		upkeep: { verifications, backups: async () => [] },
		measured: unmeasured(),
		tree: {
			key: "",
			damage: undefined,
			signedHead: async () => "",
			tile: async () => undefined,
			leaf: async () => undefined,
			close: () => {},
		},
		questions: { ask: () => Promise.reject(new Error("a log in memory has no SQL")) },
		moves: {
			size: async () => 0,
			incarnation: async () => 1,
			events: async () => [],
			eventsOf: async () => undefined,
			import: async ({ from }) => ({ next: from, written: 0 }),
			close: () => {},
		},
	};
}
