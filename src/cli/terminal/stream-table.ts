/** Streams as a table, for people at a terminal. */
import type { Values } from "../../options.ts";
import { count } from "../output/progress.ts";
import { membersIn, request } from "../reading/request.ts";
import { fitted, fittedName, harmless } from "./cells.ts";
import { type Paint, TypeTones } from "./paint.ts";

/** A name may take 3 kB in the URL of its row; an answer has to stay below a megabyte. */
const PAGE_SIZE = 100;

export type StreamRow = {
	readonly stream: string;
	readonly events: number;
	readonly bytes: number;
	/** Whether `bytes` is told by the newest events. */
	readonly isEstimate: boolean;
	/** Of the newest event; "" if none is shown. */
	readonly lastType: string;
	/** In ISO 8601; "" if none is shown. */
	readonly changed: string;
};

/** The streams that show events, in the order of their names. */
export async function* rowsOf(values: Values, prefix: string): AsyncGenerator<StreamRow> {
	let query: string | undefined = `?${new URLSearchParams({ prefix, limit: String(PAGE_SIZE) })}`;
	while (query !== undefined) {
		const asked = { method: "GET", path: `/streams${query}` } as const;
		const page: Page = await request(values, asked, (answer) => pageIn(membersIn(answer)));
		yield* page.rows;
		query = page.next;
	}
}

type Page = { readonly rows: readonly StreamRow[]; readonly next: string | undefined };

/** The server names the next page by a URL; where the server is, the options say. */
function pageIn(members: Record<string, unknown> | undefined): Page | undefined {
	if (!Array.isArray(members?.streams)) return undefined;
	const listed: Record<string, unknown>[] = members.streams;
	const { next } = members;
	return {
		rows: listed.filter(({ deleted }) => deleted === "no").map(rowIn),
		next: typeof next === "string" ? new URL(next).search : undefined,
	};
}

function rowIn(listed: Record<string, unknown>): StreamRow {
	const text = (name: string) => (typeof listed[name] === "string" ? listed[name] : "");
	const number = (name: string) => (typeof listed[name] === "number" ? listed[name] : 0);
	return {
		stream: text("stream"),
		events: number("events"),
		bytes: number("bytes"),
		isEstimate: listed.isEstimate === true,
		lastType: text("lastType"),
		changed: text("changed"),
	};
}

/** What the columns take, in cells. */
const EVENTS = 11;
const SIZE = "~999.9 kB".length;
const CHANGED = "2026-03-01 14:00".length;
const TYPE_MAX = 24;
const GAP = "  ";
/** Below these widths, columns are left out, so that names can be read. */
const WITH_TYPE = 90;
const WITH_SIZE = 60;

export class StreamTable {
	readonly #columns: () => number;
	readonly #paint: Paint;
	readonly #tones = new TypeTones();
	#hasHead = false;

	/** @param columns the width of the terminal now: its user may change it */
	constructor(columns: () => number, paint: Paint) {
		this.#columns = columns;
		this.#paint = paint;
	}

	/** Complete lines. */
	of(row: StreamRow): string {
		const head = this.#hasHead ? "" : this.#head();
		this.#hasHead = true;
		return head + this.#row(row);
	}

	#head(): string {
		const { name, size, type } = this.#widths();
		const cells = [
			fitted("Stream", name),
			"Events".padStart(EVENTS),
			...(size > 0 ? ["Size".padStart(size)] : []),
			fitted("Changed, UTC", CHANGED),
			...(type > 0 ? ["Last event"] : []),
		];
		return `${this.#paint(cells.join(GAP), "dim")}\n`;
	}

	#row({ stream, events, bytes, isEstimate, lastType, changed }: StreamRow): string {
		const { name, size, type } = this.#widths();
		const cells = [
			fittedName(harmless(stream), name),
			count(events).padStart(EVENTS),
			...(size > 0 ? [`${isEstimate ? "~" : ""}${sizeOf(bytes)}`.padStart(size)] : []),
			this.#paint(fitted(changed.slice(0, 16).replace("T", " "), CHANGED), "dim"),
		];
		if (type > 0) {
			const shown = fitted(harmless(lastType), type).trimEnd();
			cells.push(this.#paint(shown, this.#tones.of(lastType)));
		}
		return `${cells.join(GAP).trimEnd()}\n`;
	}

	/** In cells; 0 leaves a column out. */
	#widths(): { readonly name: number; readonly size: number; readonly type: number } {
		const all = this.#columns();
		const size = all < WITH_SIZE ? 0 : SIZE;
		const type = all < WITH_TYPE ? 0 : TYPE_MAX;
		const gaps = GAP.length * (2 + (size > 0 ? 1 : 0) + (type > 0 ? 1 : 0));
		return { name: Math.max(8, all - EVENTS - CHANGED - size - type - gaps), size, type };
	}
}

/** In units of 1,000, as the admin UI has them: `135 B`, `20.0 kB`. */
function sizeOf(bytes: number): string {
	if (bytes < 1000) return `${bytes} B`;
	for (const [unit, size] of [["kB", 1e3] as const, ["MB", 1e6] as const]) {
		if (bytes < 999.95 * size) return `${(bytes / size).toFixed(1)} ${unit}`;
	}
	return `${(bytes / 1e9).toFixed(1)} GB`;
}
