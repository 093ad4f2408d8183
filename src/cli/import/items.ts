/** The lines of a file as what is to be done at the server, each checked as it comes. */

import { decodeLine } from "../../../feeds/moving/decode.ts";
import type { LineEvent } from "../../../feeds/moving/event.ts";
import { exportLine } from "../output/event.ts";
import { Doubles } from "./doubles.ts";
import {
	contentText,
	deleteItem,
	deriveId,
	type Item,
	idOf,
	itemOf,
	type Line,
	lineFailure,
	parseLine,
} from "./event.ts";
import type { Content, Renumbering } from "./renumber.ts";

export type Addressed = { readonly stream: string; readonly item: Item };

export class Items {
	lines = 0;
	/** How often each stream was seen: one number a stream. */
	readonly #ordinals = new Map<string, number>();
	readonly #doubles = new Doubles();
	readonly #source: string | undefined;
	readonly #renumbering: Renumbering | undefined;

	/**
	 * @param source the name from which ids are derived; undefined if lines without one are refused
	 * @param renumbering for the lines of an export whose events get numbers of their own
	 */
	constructor(source: string | undefined, renumbering?: Renumbering) {
		this.#source = source;
		this.#renumbering = renumbering;
	}

	get streams(): number {
		return this.#ordinals.size;
	}

	/**
	 * What is to be done for the next line; undefined for an empty one, and for one of an event that
	 * the copy has no place for.
	 * @param text in latin1
	 * @throws Failure that names the line
	 */
	next(text: string): Addressed | undefined {
		this.lines++;
		if (text === "" || text.trim() === "") return undefined;
		const line = parseLine(text, this.lines);
		const ordinal = this.#ordinalOf(line.stream);
		const id = idOf(line);
		if (id === undefined) {
			return { stream: line.stream, item: itemOf(line, this.#derive(line, ordinal)) };
		}
		this.#refuseDouble(line, id);
		const isExported = line.members.hash !== undefined && line.members.version !== undefined;
		if (this.#renumbering && isExported) return this.#renumbered(text, this.#renumbering);
		return { stream: line.stream, item: itemOf(line, id) };
	}

	/** What is to be done behind the last line. */
	rest(): Addressed[] {
		return (this.#renumbering?.corrections() ?? []).map(({ stream, before, event }) => {
			return { stream, item: itemFor(this.lines, before, event) };
		});
	}

	#renumbered(text: string, renumbering: Renumbering): Addressed | undefined {
		const event: LineEvent | string = decodeLine(text);
		if (typeof event === "string") throw lineFailure(this.lines, event);
		const deed = renumbering.take(event);
		if (!deed) return undefined;
		return { stream: deed.stream, item: itemFor(this.lines, deed.before, deed.event) };
	}

	#ordinalOf(stream: string): number {
		const ordinal = this.#ordinals.get(stream);
		// A slice would keep its whole chunk in memory, as long as the map lives.
		this.#ordinals.set(ordinal === undefined ? unshared(stream) : stream, (ordinal ?? 0) + 1);
		return ordinal ?? 0;
	}

	#derive(line: Line, ordinal: number): string {
		if (this.#source !== undefined) return deriveId(this.#source, ordinal, line);
		throw lineFailure(
			line.number,
			"it has no id; name the input with --source, so that one can be derived",
		);
	}

	/** The server would take the second line for a repeat of the first, and not store it. */
	#refuseDouble(line: Line, id: string): void {
		const { stream, number } = line;
		const known = this.#doubles.see(stream, id, contentText(line), number);
		if (typeof known === "string") return;
		const what = `its id ${id} is that of line ${known.line} in the same stream`;
		throw lineFailure(
			number,
			`${what}, and its content is another; give one of them an id of its own`,
		);
	}
}

function itemFor(number: number, before: number, event: Content | undefined): Item {
	if (!event) return deleteItem(number, before);
	const text = Buffer.from(exportLine(event)).toString("latin1");
	return { ...itemOf(parseLine(text, number), event.id), before };
}

function unshared(text: string): string {
	return Buffer.from(text, "utf8").toString("utf8");
}
