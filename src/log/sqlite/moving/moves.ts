/** What moves a log of this engine: the exporter reads, and the writer's thread takes spans. */
import { Refusal } from "../../../errors.ts";
import type { Position, StreamName, Version } from "../../../event.ts";
import type { Appended } from "../../commit.ts";
import type { Imported, LogMoves, MovedEvent, MovedSpan } from "../../moving/moves.ts";
import { faultOfEvent } from "../../moving/rules.ts";
import { logFile, openForReading } from "../files/directory.ts";
import { Exporter } from "./exporter.ts";

/** As `AppendQueue.import`. */
export type WriteSpan = (span: MovedSpan) => Promise<Appended>;

export class SqliteMoves implements LogMoves {
	readonly #exporter: Exporter;
	readonly #write: WriteSpan;

	/** @param directory its log is open */
	constructor(directory: string, write: WriteSpan) {
		this.#exporter = new Exporter(openForReading(logFile(directory)));
		this.#write = write;
	}

	async size(): Promise<Position> {
		return this.#exporter.size();
	}

	async incarnation(): Promise<number> {
		return this.#exporter.incarnation();
	}

	events(from: Position): Promise<readonly MovedEvent[]> {
		return this.#exporter.events(from);
	}

	eventsOf(stream: StreamName, from: Version): Promise<readonly MovedEvent[] | undefined> {
		return this.#exporter.eventsOf(stream, from);
	}

	/** All appends wait for the writer's thread, so it checks only what it alone can. */
	async import(span: MovedSpan): Promise<Imported> {
		for (const [index, event] of span.events.entries()) {
			const place = span.from + index;
			const fault = event.position === place ? faultOfEvent(event) : `its position is not ${place}`;
			if (fault === undefined) continue;
			throw new Refusal("invalid-line", { line: index + 1, reason: fault });
		}
		const { first: known, position } = await this.#write(span);
		return { next: position + 1, written: span.events.length - known };
	}

	close(): void {
		this.#exporter.close();
	}
}
