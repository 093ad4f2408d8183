/** PostgreSQL compared with the specification, with two nodes that take turns. */
import { randomInt } from "node:crypto";
import type { Log, LogLimits } from "../../../src/log/log.ts";
import { openPostgres } from "../../../src/log/postgres/open.ts";
import { type Compared, compareAtRandom } from "../alike.ts";
import { replacing } from "../asking.ts";
import { newDirectory } from "../sqlite/directory.ts";
import { describePostgres, type PostgresServer, startPostgres } from "./server.ts";

/** Most of the time is waited for answers, so several logs are compared side by side. */
const LOGS = 3;
const ROUNDS = 50;
const seed = Number(process.env.VARVE_SEED ?? randomInt(2 ** 31));

/** One log behind two nodes that take turns: all appends of a round go to the same one. */
class Nodes implements Compared {
	readonly #store: string;
	readonly #directories = [newDirectory(), newDirectory()];
	#nodes: Log[] = [];
	#turn = 0;

	constructor(store: string) {
		this.#store = store;
	}

	async open(limits: LogLimits, clock: () => number): Promise<readonly Log[]> {
		await this.close();
		const options = { clock, allowsUnsafe: true, connectionsMax: 4 };
		for (const directory of this.#directories) {
			this.#nodes.push((await openPostgres(this.#store, directory, limits, options)).log);
		}
		return [this.#both()];
	}

	async close(): Promise<void> {
		await Promise.all(this.#nodes.splice(0).map((node) => node.close()));
	}

	/** Reads come from the node that did not write; after each read, the other one writes. */
	#both(): Log {
		const writer = () => this.#nodes[this.#turn % 2] as Log;
		const reader = () => this.#nodes[(this.#turn + 1) % 2] as Log;
		return replacing(writer(), {
			append: (append) => writer().append(append),
			delete: (deletion) => writer().delete(deletion),
			redact: (redaction) => reader().redact(redaction),
			scavenge: (from) => reader().scavenge(from),
			read: (range) =>
				reader()
					.read(range)
					.finally(() => this.#turn++),
		});
	}
}

describePostgres("two nodes over PostgreSQL", () => {
	let server: PostgresServer;
	beforeAll(async () => {
		server = await startPostgres({ fsync: "off", full_page_writes: "off" });
	});
	afterAll(() => server.remove());

	test(`answer as the specification does (VARVE_SEED=${seed})`, async () => {
		const compared = Array.from({ length: LOGS }, (_, index) => {
			const nodes = new Nodes(server.store(`log_${index}`));
			return compareAtRandom(nodes, { seed: seed + index, rounds: ROUNDS });
		});
		// All of them end, so that their nodes are closed.
		const ends = await Promise.allSettled(compared);
		for (const end of ends) if (end.status === "rejected") throw end.reason;
	});
});
