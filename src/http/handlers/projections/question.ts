/**
 * POST /search: a question in the language of projections. What comes of it is sent as lines of
 * JSON while it runs; a client that closes the connection cancels it.
 *
 *     {"state":{…}}      a partition, its state, and what transforms make of it; a later line
 *                        of the same partition replaces it
 *     {"log":{…}}        what the query logs, and {"emitted":{…}} what a projection would write
 *     {"progress":{…}}   now and then
 *     {"end":{…}}        the last line; without it the answer was cut off
 */
import { type MediaType, mediaType } from "../../../../feeds/media.ts";
import { NOT_KEPT } from "../../../cache/policy.ts";
import {
	ask,
	type QuestionEnd,
	type QuestionProgress,
	type QuestionStep,
} from "../../../projections/asking/question.ts";
import type { StateText } from "../../../projections/keeping/keeper.ts";
import { describeFault } from "../../../projections/status.ts";
import type { Answer, Chunks } from "../../answering/answer.ts";
import { compressed } from "../../answering/compress.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { problemOf } from "../../answering/problems.ts";
import { negotiateRepresentation } from "../../request/negotiation.ts";
import { readQuery } from "./create.ts";
import { authorOf, malformed, parameter } from "./request.ts";

const TYPES: readonly MediaType[] = [mediaType("application/x-ndjson", "ndjson")];
/** As often as a person sees numbers change. */
const TOLD_MS = 300;
/** On the way, so much of states at a time; the end tells the rest. */
const PART_CHARACTERS = 64 * 1024;
/** Lines of what the query logs and emits; the rest is only counted. */
const SAID_MAX = 1000;
/** A line of those is cut there. */
const SAID_CHARACTERS = 4000;
const PARTITIONS_MAX = 1_000_000;

/** @throws Refusal `invalid-projection`, `overloaded`, `malformed-query`, and as a read */
export async function answerQuestion(
	exchange: Exchange,
	{ query }: { query: string },
): Promise<Answer> {
	const { context, req, res } = exchange;
	const { publicUrl } = context.settings;
	const { type, coding } = negotiateRepresentation(req, query, TYPES, publicUrl);
	const partitionsMax = partitionsIn(query);
	const asked = { query: await readQuery(exchange), author: authorOf(exchange) };
	const { own, around } = context.projections;
	const parts = { own, scripts: around.scripts, rights: around.rights };

	const steps = context.searches.among((msMax) => ask(parts, asked, msMax));
	res.once("close", () => void steps.return(undefined));
	// The first step decides whether there is anything to answer with.
	const first = await steps.next();
	// Then nobody will hear of its close.
	if (res.destroyed) await steps.return(undefined);

	const chunks = lines(first, steps, new Telling(partitionsMax));
	const headers = ["Content-Type", type.contentType, ...NOT_KEPT];
	if (coding === "identity") return { status: 200, headers, chunks };
	headers.push("Content-Encoding", coding);
	return { status: 200, headers, chunks: compressed(chunks, coding) };
}

async function* lines(
	first: IteratorResult<QuestionStep>,
	steps: AsyncGenerator<QuestionStep>,
	telling: Telling,
): Chunks {
	let progress: QuestionProgress | undefined;
	try {
		for (let step = first; !step.done; step = await steps.next()) {
			yield telling.take(step.value);
			({ progress } = step.value);
			if (progress.over === undefined) continue;
			for (const part of telling.rest()) yield part;
			yield line("end", { ...reasonOf(progress.over), ...telling.facts(progress) });
		}
	} catch (error) {
		const problem = problemOf(error);
		if (problem === undefined || progress === undefined || problem.status >= 500) throw error;
		const { type, title, detail } = problem;
		const reason = { reason: "refused", problem: { type, title, detail } };
		yield line("end", { ...reason, ...telling.facts(progress) });
	} finally {
		await steps.return(undefined);
	}
}

/** What the client is told, and what it still has to be told. */
class Telling {
	readonly #partitionsMax: number;
	readonly #pending = new Map<string, StateText>();
	readonly #known = new Set<string>();
	#toldMs = Number.NEGATIVE_INFINITY;
	#logged = 0;
	#emitted = 0;

	constructor(partitionsMax: number) {
		this.#partitionsMax = partitionsMax;
	}

	/** @returns lines; none if it is too soon for more */
	take({ states, log, emitted, progress }: QuestionStep): string {
		for (const [partition, text] of states) this.#note(partition, text);
		const told: string[] = [];
		for (const { position, text } of log) {
			if (this.#logged++ < SAID_MAX) told.push(line("log", { position, text: cut(text) }));
		}
		for (const { position, stream, type, data } of emitted) {
			if (this.#emitted++ >= SAID_MAX) continue;
			told.push(line("emitted", { position, stream, type, data: cut(data) }));
		}
		if (progress.over !== undefined || progress.milliseconds - this.#toldMs < TOLD_MS) {
			return told.join("");
		}
		this.#toldMs = progress.milliseconds;
		return `${told.join("")}${this.#some()}${line("progress", this.facts(progress))}`;
	}

	/** All that is left to be told of states, in parts. */
	*rest(): Iterable<string> {
		while (this.#pending.size > 0) yield this.#some();
	}

	facts({ next, end, milliseconds, read, handled, partitions }: QuestionProgress) {
		return {
			position: next - 1,
			of: end - 1,
			percent: end === 0 ? 100 : Math.floor((1000 * next) / end) / 10,
			read,
			handled,
			partitions,
			...(this.#logged > 0 ? { logged: this.#logged } : {}),
			...(this.#emitted > 0 ? { emitted: this.#emitted } : {}),
			eventsPerSecond: milliseconds < 1 ? read * 1000 : Math.round((1000 * read) / milliseconds),
			milliseconds: Math.round(milliseconds),
		};
	}

	#note(partition: string, text: StateText): void {
		if (!this.#known.has(partition)) {
			if (this.#known.size >= this.#partitionsMax) return;
			this.#known.add(partition);
		}
		this.#pending.set(partition, text);
	}

	#some(): string {
		const told: string[] = [];
		let characters = 0;
		for (const [partition, { state, result }] of this.#pending) {
			if (characters > PART_CHARACTERS) break;
			this.#pending.delete(partition);
			// Both are JSON already, and are shown as they are.
			const made = result === undefined ? "" : `,"result":${result}`;
			const text = `{"state":{"partition":${JSON.stringify(partition)},"state":${state}${made}}}\n`;
			characters += text.length;
			told.push(text);
		}
		return told.join("");
	}
}

function reasonOf(over: QuestionEnd): object {
	if (over.reason !== "faulted") return over;
	const { event, ...fault } = over.fault;
	const cause = event && {
		position: event.position,
		stream: event.stream,
		number: event.number,
		type: event.type,
	};
	const description = describeFault(over.fault);
	return { reason: "faulted", fault: { ...fault, event: cause, description } };
}

function line(name: string, facts: object): string {
	return `${JSON.stringify({ [name]: facts })}\n`;
}

function cut(text: string): string {
	return text.length <= SAID_CHARACTERS ? text : `${text.slice(0, SAID_CHARACTERS)}…`;
}

/** How many partitions the client wants to be told of: the first ones that there are. */
function partitionsIn(query: string): number {
	const value = parameter(query, "partitions");
	if (value === undefined) return PARTITIONS_MAX;
	const count = /^\d{1,7}$/.test(value) ? Number(value) : 0;
	if (count >= 1 && count <= PARTITIONS_MAX) return count;
	throw malformed("partitions", value, `it takes a whole number from 1 to ${PARTITIONS_MAX}.`);
}
