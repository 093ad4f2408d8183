/** The engines without a server, compared with the specification. */
import { randomInt } from "node:crypto";
import type { Log, LogLimits } from "../../src/log/log.ts";
import { openSqliteLog, type SqliteLog } from "../../src/log/sqlite/log.ts";
import { type Compared, compareAtRandom } from "./alike.ts";
import { FetchingLog } from "./fetching/engine.ts";
import { newDirectory } from "./sqlite/directory.ts";

const ROUNDS = 250;
const seed = Number(process.env.VARVE_SEED ?? randomInt(2 ** 31));

class Engines implements Compared {
	readonly #directory = newDirectory();
	readonly #checksReads = seed % 2 === 0;
	#fetching: FetchingLog | undefined;
	#sqlite: SqliteLog | undefined;

	async open(limits: LogLimits, clock: () => number): Promise<readonly Log[]> {
		this.#fetching ??= new FetchingLog(limits, clock);
		await this.#sqlite?.close();
		const checksReads = this.#checksReads;
		this.#sqlite = await openSqliteLog(this.#directory, limits, { clock, checksReads });
		return [this.#fetching, this.#sqlite];
	}

	async close(): Promise<void> {
		await this.#sqlite?.close();
	}
}

test(`all engines answer alike (VARVE_SEED=${seed})`, () =>
	compareAtRandom(new Engines(), { seed, rounds: ROUNDS }));
