/** What moves a log of this engine: `exporter.ts` reads, and the queue of the writer's thread takes. */
import { Refusal } from "../../../errors.ts";
import type { Appended } from "../../commit.ts";
import type { Imported, LogMoves, MovedSpan } from "../../moving/moves.ts";
import { faultOfEvent } from "../../moving/rules.ts";
import { logFile, openForReading } from "../files/directory.ts";
import { Exporter } from "./exporter.ts";

/**
 * @param directory its log is open
 * @param write as `AppendQueue.import`
 */
export function openMoves(
	directory: string,
	write: (span: MovedSpan) => Promise<Appended>,
): LogMoves {
	const exporter = new Exporter(openForReading(logFile(directory)));
	return {
		size: () => exporter.size(),
		incarnation: () => exporter.incarnation(),
		events: (from) => exporter.events(from),
		eventsOf: (stream, from) => exporter.eventsOf(stream, from),
		import: (span) => importChecked(span, write),
		close: () => exporter.close(),
	};
}

/** The writer's thread is the one that all appends wait for, so what it need not check is checked here. */
async function importChecked(
	span: MovedSpan,
	write: (span: MovedSpan) => Promise<Appended>,
): Promise<Imported> {
	for (const [index, event] of span.events.entries()) {
		const place = span.from + index;
		const fault = event.position === place ? faultOfEvent(event) : `its position is not ${place}`;
		if (fault !== undefined) throw new Refusal("invalid-line", { line: index + 1, reason: fault });
	}
	const { first: known, position } = await write(span);
	return { next: position + 1, written: span.events.length - known };
}
