/** What moves a log of this engine: the exporter reads, and the writer's connection takes spans. */
import { Refusal } from "../../../errors.ts";
import type { Position, StreamName, Version } from "../../../event.ts";
import type { Imported, LogMoves, MovedEvent, MovedSpan } from "../../moving/moves.ts";
import { faultOfEvent } from "../../moving/rules.ts";
import type { AppendQueue } from "../appending/queue.ts";
import type { Database } from "../connection/database.ts";
import { refusalOr } from "../connection/failures.ts";
import type { Follower } from "../following/follower.ts";
import type { HistoryGuard } from "../start/guard.ts";
import { Exporter } from "./exporter.ts";
import { importSpan } from "./importer.ts";

export type MovesParts = {
	readonly database: Database;
	readonly queue: AppendQueue;
	readonly follower: Follower;
	readonly guard: HistoryGuard;
	/** Called after each commit, to tell other nodes. */
	readonly onCommit: () => void;
};

export class PostgresMoves implements LogMoves {
	readonly #parts: MovesParts;
	readonly #exporter: Exporter;

	constructor(parts: MovesParts) {
		this.#parts = parts;
		this.#exporter = new Exporter(parts.database);
	}

	async size(): Promise<Position> {
		return this.#reading("the end of the log", async () => {
			const { size } = await this.#exporter.end();
			await this.#parts.follower.reached({ next: size, erasures: 0 });
			return size;
		});
	}

	async incarnation(): Promise<number> {
		const part = "the number of the history";
		return this.#reading(part, async () => (await this.#exporter.end()).incarnation);
	}

	events(from: Position): Promise<readonly MovedEvent[]> {
		return this.#reading(`position ${from}`, async () => {
			return this.#reached(await this.#exporter.events(Number(from)));
		});
	}

	eventsOf(stream: StreamName, from: Version): Promise<readonly MovedEvent[] | undefined> {
		return this.#reading(`${stream} at ${from}`, async () => {
			const found = await this.#exporter.eventsOf(stream, from);
			return found && this.#reached(found);
		});
	}

	async import(span: MovedSpan): Promise<Imported> {
		for (const [index, event] of span.events.entries()) {
			const place = span.from + index;
			const fault = event.position === place ? faultOfEvent(event) : `its position is not ${place}`;
			if (fault === undefined) continue;
			throw new Refusal("invalid-line", { line: index + 1, reason: fault });
		}
		const { database, queue, follower, guard, onCommit } = this.#parts;
		guard.refuseReplaced();
		const result = await queue.alone((client, watch) => {
			return importSpan(database, client, watch, span);
		});
		const { taken, commit, frontier, next, known, incarnation } = result;
		guard.raised(incarnation);
		// It stands: whoever reads hears of it, even if what lies between cannot be fetched.
		if (commit) await follower.committed(taken, commit, frontier).catch(() => undefined);
		onCommit();
		return { next, written: span.events.length - known };
	}

	close(): void {}

	/** The events, once the listeners have heard of them. */
	async #reached(events: readonly MovedEvent[]): Promise<readonly MovedEvent[]> {
		const last = events.at(-1);
		if (last) await this.#parts.follower.reached({ next: last.position + 1, erasures: 0 });
		return events;
	}

	async #reading<T>(part: string, work: () => Promise<T>): Promise<T> {
		this.#parts.guard.refuseReplaced();
		try {
			return await work();
		} catch (error) {
			throw refusalOr(error, part);
		}
	}
}
