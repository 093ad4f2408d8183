/** Compares two logs by their exports: the lines of equal stores are the same bytes. */
import { decodeLine } from "../../../feeds/moving/decode.ts";
import type { LineEvent } from "../../../feeds/moving/event.ts";
import type { MovedEvent } from "../../log/moving/moves.ts";
import { streamsJoinedMoved } from "../../log/moving/rules.ts";
import { Failure } from "../explain.ts";
import type { Server } from "./admin.ts";
import { exportedPages, NoExport } from "./pages.ts";

export type Compared = {
	/** Of the longer log. */
	readonly events: number;
	/** In the source. */
	readonly erased: number;
	/** Positions at which the logs differ. */
	readonly different: number;
	/** The names of all streams of both, index streams too. */
	readonly streams: ReadonlySet<string>;
	/** The numbers of the histories, if they differ: after a restore they do, and no event does. */
	readonly histories: readonly [source: number, copy: number] | undefined;
};

/** A line without the number of the log's history, which is no event's. */
type EventLine = { readonly text: string; readonly logIncarnation: number | undefined };

const LOG_INCARNATION = /,"logIncarnation":(\d+)(?=,"hash":"[\w+/]{43}="\}$)/;

/**
 * @param shownMax how many differences are told
 * @throws Failure if one of them cannot be read
 */
export async function compareLogs(
	source: Server,
	copy: Server,
	shownMax: number,
	tell: (difference: string) => void,
): Promise<Compared> {
	const streams = new Set<string>(["$all", "$streams"]);
	let [events, erased, different] = [0, 0, 0];
	let histories: Compared["histories"];
	const [ofSource, ofCopy] = [linesOf(source), linesOf(copy)];
	for (;;) {
		const [one, other] = await Promise.all([ofSource.next(), ofCopy.next()]);
		if (one.done && other.done) return { events, erased, different, streams, histories };
		const [mine, theirs] = [one.value?.text, other.value?.text];
		if (one.value && other.value) histories = historiesOf(one.value, other.value);
		const event = noteStreams(mine, streams);
		if (mine !== theirs) noteStreams(theirs, streams);
		if (event?.erased !== undefined) erased++;
		if (mine !== theirs && different++ < shownMax) tell(differenceOf(events, mine, theirs));
		events++;
	}
}

/** A line names the number of its event's history, and that of the log if it is another. */
function historiesOf(one: EventLine, other: EventLine): Compared["histories"] {
	// Nearly all lines of equal logs: they need not be parsed for it.
	if (one.text === other.text && one.logIncarnation === other.logIncarnation) return undefined;
	const numberOf = ({ text, logIncarnation }: EventLine) =>
		logIncarnation ?? Number(membersOf(text).incarnation ?? 1);
	const numbers = [numberOf(one), numberOf(other)] as const;
	return numbers[0] === numbers[1] ? undefined : numbers;
}

async function* linesOf(server: Server): AsyncGenerator<EventLine, undefined> {
	try {
		for await (const page of exportedPages(server, { from: 0 })) {
			for (const line of page.split("\n")) if (line !== "") yield eventLineOf(line);
		}
	} catch (error) {
		if (!(error instanceof NoExport)) throw error;
		throw new Failure(`${server.url} has no /admin/export for us: ${error.message}`);
	}
	return undefined;
}

function eventLineOf(line: string): EventLine {
	const [found, number] = LOG_INCARNATION.exec(line) ?? [];
	if (found === undefined) return { text: line, logIncarnation: undefined };
	return { text: line.replace(LOG_INCARNATION, ""), logIncarnation: Number(number) };
}

function noteStreams(line: string | undefined, streams: Set<string>): LineEvent | undefined {
	const event = line === undefined ? undefined : decodeLine(Buffer.from(line).toString("latin1"));
	if (event === undefined || typeof event === "string") return undefined;
	streams.add(event.stream);
	for (const joined of streamsJoinedMoved(event as MovedEvent)) streams.add(joined);
	return event;
}

function differenceOf(
	position: number,
	mine: string | undefined,
	theirs: string | undefined,
): string {
	const at = `position ${position}`;
	if (mine === undefined) return `${at}: only COPY has it: ${nameOf(theirs)}`;
	if (theirs === undefined) return `${at}: only SOURCE has it: ${nameOf(mine)}`;
	const [one, other] = [membersOf(mine), membersOf(theirs)];
	if (one.id !== other.id || one.stream !== other.stream) {
		return `${at}: ${nameOf(mine)} in SOURCE, ${nameOf(theirs)} in COPY`;
	}
	const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
	const differ = names.filter((name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]));
	// The hash covers everything else, so it says something only where it stands alone.
	const told = differ.length > 1 ? differ.filter((name) => name !== "hash") : differ;
	const words = told.length === 0 ? ["the bytes of its content"] : told;
	return `${at}: ${nameOf(mine)}: ${words.map((name) => difference(name, one, other)).join("; ")}`;
}

/** Content is not printed: it may be long, and somebody's own. */
const SHORT: ReadonlySet<string> = new Set([
	...["type", "version", "created", "mark", "erased", "incarnation", "isJson"],
]);

function difference(name: string, one: Members, other: Members): string {
	if (!SHORT.has(name)) return `${name} differs`;
	return `${name} is ${JSON.stringify(one[name]) ?? "absent"} in SOURCE, ${JSON.stringify(other[name]) ?? "absent"} in COPY`;
}

type Members = Readonly<Record<string, unknown>>;

function membersOf(line: string): Members {
	try {
		return JSON.parse(line) as Members;
	} catch {
		return {};
	}
}

function nameOf(line = ""): string {
	const { version, stream } = membersOf(line);
	return `${version}@${stream}`;
}
