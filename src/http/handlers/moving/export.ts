/**
 * GET /admin/export: the log, or one own stream of it, as lines, some at a time: also what was
 * erased and what metadata hides, with all that a copy needs to be equal.
 */
import { encodeLine } from "../../../../feeds/moving/encode.ts";
import { Refusal } from "../../../errors.ts";
import { parseStreamName } from "../../../event.ts";
import { isWritable } from "../../../indexes/joins.ts";
import type { LogMoves, MovedEvent } from "../../../log/moving/moves.ts";
import { type Answer, textAnswer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { numberOf, refuseOthers } from "./query.ts";

const NO_STORE = ["Cache-Control", "no-store"];

/**
 * GET /admin/export?from={position}, or with `stream` of a version on. At the head the answer is
 * empty; before it, the client continues behind the last line.
 */
export async function answerExport(
	{ context: { moves } }: Exchange,
	target: { query: string },
): Promise<Answer> {
	const query = new URLSearchParams(target.query);
	refuseOthers(query, ["from", "stream"]);
	const events = await read(moves, query.get("stream"), numberOf(query, "from") ?? 0);
	const incarnation = moves.incarnation();
	const lines = events.map((event) => encodeLine(event, incarnation));
	return textAnswer(200, "application/x-ndjson", lines.join(""), NO_STORE);
}

async function read(
	moves: LogMoves,
	name: string | null,
	from: number,
): Promise<readonly MovedEvent[]> {
	if (name === null) return moves.events(from);
	const stream = parseStreamName(name);
	if (!isWritable(stream)) {
		const reason = "it takes the name of a stream that clients append to";
		throw new Refusal("malformed-query", { parameter: "stream", value: name.slice(0, 64), reason });
	}
	const events = await moves.eventsOf(stream, from);
	if (!events) throw new Refusal("stream-not-found", { stream });
	return events;
}
