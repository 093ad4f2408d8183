/** The log in memory, as it is shown to be verified. */
import type { LogView } from "../verify/view.ts";
import type { MemoryTables } from "./tables.ts";

export function viewOf({ events, streams }: MemoryTables): LogView {
	return {
		size: () => events.length,
		events(from, to, { visit }) {
			for (const event of events.slice(from, to)) {
				const id = Buffer.from(event.id.replaceAll("-", ""), "hex");
				visit({ ...event, id, flags: 0, isErased: event.isRedacted === true });
			}
		},
		entries(visit) {
			for (const [name, positions] of streams) {
				const stream = { name };
				for (const [version, position] of positions.entries()) visit(stream, version, position);
			}
		},
		*unproven() {
			for (const { position, isRedacted, metadata } of events) {
				if (isRedacted && metadata.length === 0) yield position;
			}
		},
		faults: () => [],
	};
}
