/** Results of a projection as events: one whenever the result of a partition becomes another. */
import { LRUCache } from "lru-cache";
import { upTo } from "../../up-to.ts";
import type { Cause, Emission } from "../keeping/emitter.ts";
import { resultStreamOf } from "../names.ts";
import type { Definition, Result } from "../script/script.ts";

const RESULT = "Result";
const REMOVED = "ResultRemoved";
/** So many partitions are remembered; of others, the newest checkpoint knows the result. */
const REMEMBERED_MAX = 20_000;

type Known = { readonly text: string | undefined };

export class Results {
	readonly #name: string;
	readonly #output: Definition["output"];
	readonly #load: (partition: string) => Promise<string | undefined>;
	readonly #known = new LRUCache<string, Known>(upTo(REMEMBERED_MAX));
	/** Those that no checkpoint has. */
	readonly #unsaved = new Map<string, Known>();

	/** @param load the result of a partition as of the newest checkpoint */
	constructor(
		name: string,
		output: Definition["output"],
		load: (partition: string) => Promise<string | undefined>,
	) {
		this.#name = name;
		this.#output = output;
		this.#load = load;
	}

	/** The result of a partition, if it became another one since the last checkpoint. */
	unsaved(partition: string): string | undefined {
		return this.#unsaved.get(partition)?.text;
	}

	/** A checkpoint has all of them. */
	saved(): void {
		this.#unsaved.clear();
	}

	/** @returns what to write for a batch whose events gave these results, in their order */
	async emissionsOf(
		results: readonly Result[],
		causeOf: (event: number) => Cause,
	): Promise<Emission[]> {
		const emissions: Emission[] = [];
		for (const { event, partition, result } of results) {
			const known = this.#unsaved.get(partition) ?? this.#known.get(partition);
			const before = known ?? { text: await this.#load(partition) };
			this.#known.set(partition, { text: result });
			this.#unsaved.set(partition, { text: result });
			if (before.text === result) continue;
			emissions.push({
				stream: resultStreamOf(this.#name, this.#output, partition),
				type: result === undefined ? REMOVED : RESULT,
				isJson: true,
				data: result ?? "",
				metadata: undefined,
				index: "result",
				cause: causeOf(event),
			});
		}
		return emissions;
	}
}
