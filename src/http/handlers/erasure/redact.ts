/**
 * DELETE of an event's data: the event stays where it is, and shows that it was redacted.
 */
import { Refusal } from "../../../errors.ts";
import { ALL, parseStreamName, type StreamName, type Version } from "../../../event.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { parseAt } from "../../urls.ts";

export type RedactTarget = {
	readonly stream: string;
	/** Its version. */
	readonly from: string;
	/** Without its `?`. */
	readonly query: string;
};

/** DELETE /streams/{stream}/{version}/data, with `?metadata=true` of its metadata as well */
export async function answerRedact({ context }: Exchange, target: RedactTarget): Promise<Answer> {
	const stream = parseStreamName(target.stream);
	const version = redactedAt(stream, target.from);
	// The head may be another event by the time the request arrives.
	if (version === "head") throw new Refusal("invalid-event-number", { value: "head" });
	const metadata = parseMetadata(new URLSearchParams(target.query).get("metadata") ?? "false");
	await context.log.redact({ stream, version, metadata });
	const erased = metadata ? "data, metadata" : "data";
	// A 204 alone could be anybody's. Whoever has to erase must know that it was this server's.
	return { status: 204, headers: ["Cache-Control", "no-store", "Varve-Redacted", erased] };
}

/** On $all it may be a plain number: nothing of $all can be redacted, and the log says why. */
function redactedAt(stream: StreamName, text: string): Version | "head" {
	return stream === ALL && /^\d{1,15}$/.test(text) ? Number(text) : parseAt(stream, text);
}

function parseMetadata(value: string): boolean {
	if (/^(?:true|false)$/i.test(value)) return value.toLowerCase() === "true";
	throw new Refusal("malformed-query", {
		parameter: "metadata",
		value: value.slice(0, 64),
		reason: "it takes true or false.",
	});
}
