/**
 * GET /admin/export: the log, or one own stream of it, as lines, some at a time: also what was
 * erased and what metadata hides, with all that a copy needs to be equal. The hashes of passwords
 * are left out unless `accounts=yes` asks for them.
 */
import { encodeLine } from "../../../../feeds/moving/encode.ts";
import { sha256 } from "../../../../feeds/proof/hash.ts";
import { Refusal } from "../../../errors.ts";
import { parseStreamName } from "../../../event.ts";
import { isWritable } from "../../../indexes/joins.ts";
import type { LogMoves, MovedEvent } from "../../../log/moving/moves.ts";
import { type Answer, textAnswer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { malformed, numberOf, refuseOthers } from "./query.ts";

const NOTHING = new Uint8Array(0);
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
	refuseOthers(query, ["from", "stream", "accounts"]);
	const from = numberOf(query, "from") ?? 0;
	const hasHashes = wantsHashes(query);
	const found = await read(moves, query.get("stream"), from);
	const events = hasHashes ? found : found.map(withoutHash);
	const incarnation = await moves.incarnation();
	const lines = events.map((event) => encodeLine(event, incarnation));
	return textAnswer(200, "application/x-ndjson", lines.join(""), NO_STORE);
}

/** @throws Refusal `malformed-query` */
function wantsHashes(query: URLSearchParams): boolean {
	const value = query.get("accounts") ?? "no";
	if (value === "yes" || value === "no") return value === "yes";
	throw malformed("accounts", value, "it takes yes or no");
}

/**
 * The event of a user as if it were redacted: without the hash of the password, and still with the
 * leaf hash that the copy has to have.
 */
function withoutHash(event: MovedEvent): MovedEvent {
	if (!event.stream.startsWith("$user-") || event.erased !== undefined) return event;
	if (event.data.length === 0) return event;
	const digests = { data: sha256(event.data), metadata: sha256(event.metadata) };
	return { ...event, data: NOTHING, erased: "redacted", digests };
}

async function read(
	moves: LogMoves,
	name: string | null,
	from: number,
): Promise<readonly MovedEvent[]> {
	if (name === null) return moves.events(from);
	const stream = parseStreamName(name);
	if (!isWritable(stream)) {
		throw malformed("stream", name, "it takes the name of a stream that clients append to");
	}
	const events = await moves.eventsOf(stream, from);
	if (!events) throw new Refusal("stream-not-found", { stream });
	return events;
}
