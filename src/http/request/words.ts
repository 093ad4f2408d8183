/**
 * The words of a request: all that the answer to a read depends on besides the events and
 * `If-None-Match`, and the client's rights. Two reads in the same words, by clients of the same
 * rights, have the same answer.
 */
import type { IncomingMessage } from "node:http";
import { forwardingOf } from "./base.ts";
import { changesRead } from "./headers.ts";

/** @returns undefined if the request says more than its words, and has to be read in full */
export function wordsOf(req: IncomingMessage): string | undefined {
	const { url, headers } = req;
	if (changesRead(headers)) return undefined;
	const { host = "", accept = "", "accept-encoding": coding = "" } = headers;
	return `${url}\n${host}\n${accept}\n${coding}\n${forwardingOf(req)}`;
}
