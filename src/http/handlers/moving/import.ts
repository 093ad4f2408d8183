/**
 * The routes that make a store the copy of another: POST /admin/import appends the lines of an
 * export at the places they have there. The log has to begin as the source's log does, so an empty
 * one takes any export, and one that was interrupted goes on.
 */
import { isUtf8 } from "node:buffer";
import { decodeLine } from "../../../../feeds/moving/decode.ts";
import type { LineEvent } from "../../../../feeds/moving/event.ts";
import { rootOver } from "../../../../feeds/proof/frontier.ts";
import type { ImportedSpan } from "../../../audit/audit.ts";
import { INCARNATION_MAX, type OfferedLine, prepareImport } from "../../../commands/import.ts";
import { Refusal } from "../../../errors.ts";
import type { Imported } from "../../../log/moving/moves.ts";
import { type Answer, textAnswer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { doerOf } from "../../answering/screens/visitor.ts";
import { readBody } from "../../request/body.ts";
import { malformed, numberOf, refuseOthers } from "./query.ts";

const NO_STORE = ["Cache-Control", "no-store"];
const NDJSON = "application/x-ndjson";
/** Of the tree without events. */
const EMPTY_ROOT = rootOver([]);

/** GET /admin/import: where the import of a whole log would continue, and its limits. */
export async function answerImportState({
	context: { moves, settings },
}: Exchange): Promise<Answer> {
	const { eventsPerAppendMax: linesMax, bodyBytesMax } = settings;
	const [next, incarnation] = await Promise.all([moves.size(), moves.incarnation()]);
	return json({ next, incarnation, linesMax, bodyBytesMax });
}

/**
 * POST /admin/import?from={position}&root={hash}: lines from a position on, behind events whose
 * tree has that root. `incarnation` is the number of the source's history, with the last of them.
 */
export async function answerImport(exchange: Exchange, target: { query: string }): Promise<Answer> {
	const { context, req, principal } = exchange;
	const { moves, room, settings, audit } = context;
	const query = new URLSearchParams(target.query);
	refuseOthers(query, ["from", "root", "incarnation"]);
	const from = numberOf(query, "from") ?? 0;
	const root = rootIn(query, from);
	const incarnation = numberOf(query, "incarnation", INCARNATION_MAX) ?? 1;
	refuseOtherType(req.headers["content-type"]);
	const body = await readBody(req, settings.bodyBytesMax);
	const events = prepareImport(linesIn(body), settings);
	const span = { from, root, incarnation, events };
	const doer = principal.name === "" ? undefined : doerOf(exchange);
	const perform = () => room.admit(body.length, () => moves.import(span));
	return json(await audit.duringImport(doer, perform, spanOf));
}

/** What an import has added to the log. */
function spanOf({ next, written }: Imported): ImportedSpan {
	return { first: next - written, next };
}

function rootIn(query: URLSearchParams, from: number): Buffer {
	const value = query.get("root");
	if (value === null && from === 0) return EMPTY_ROOT;
	if (value !== null && /^[0-9a-f]{64}$/.test(value)) return Buffer.from(value, "hex");
	const reason =
		"it takes the root of the tree over the events before `from`, 64 hexadecimal digits; varve import computes it";
	throw malformed("root", value ?? "", reason);
}

function refuseOtherType(given: string | undefined): void {
	const type = (given ?? "").split(";")[0]?.trim().toLowerCase();
	if (type === NDJSON) return;
	throw new Refusal("unsupported-media-type", {
		contentType: (given ?? "").slice(0, 128),
		available: [NDJSON],
	});
}

function linesIn(body: Buffer): OfferedLine[] {
	if (!isUtf8(body)) throw new Refusal("malformed-body", { reason: "It is not UTF-8." });
	const texts = body.toString("latin1").split("\n");
	if (texts.at(-1) === "") texts.pop();
	return texts.map((text, index) => {
		const line: LineEvent | string = decodeLine(text);
		if (typeof line !== "string") return line as OfferedLine;
		throw new Refusal("invalid-line", { line: index + 1, reason: line });
	});
}

function json(value: unknown): Answer {
	return textAnswer(200, "application/json", JSON.stringify(value), NO_STORE);
}
