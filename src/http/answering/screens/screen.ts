/** A screen as an answer: its headers, and its body in the coding that the browser takes. */
import type { IncomingMessage } from "node:http";
import { negotiateCoding } from "../../../../feeds/media.ts";
import { compress } from "../../../cache/compression.ts";
import type { Screen } from "../../../screens.ts";
import { HTML } from "../../request/html.ts";
import type { Answer } from "../answer.ts";

/**
 * Nothing comes from another origin, nothing is written into the page, and no page of another
 * origin frames it or learns its URL.
 */
const POLICY = [
	"default-src 'none'",
	...["script-src", "style-src", "img-src", "connect-src", "form-action"].map(
		(what) => `${what} 'self'`,
	),
	"base-uri 'none'",
	"frame-ancestors 'none'",
].join("; ");
const HEADERS = [
	"Cache-Control",
	"no-store",
	"Vary",
	"Accept, Accept-Encoding",
	"Content-Security-Policy",
	POLICY,
	"X-Content-Type-Options",
	"nosniff",
	"X-Frame-Options",
	"DENY",
	"Referrer-Policy",
	"no-referrer",
	"Cross-Origin-Opener-Policy",
	"same-origin",
	"Cross-Origin-Resource-Policy",
	"same-origin",
];

/** A packet holds less; below that a coding saves nothing. */
const COMPRESSED_MIN = 1024;

export function answerScreen(
	req: IncomingMessage,
	{ status, html, headers = [] }: Screen,
): Promise<Answer> {
	const all = [...headers, ...HEADERS, "Content-Type", HTML.contentType];
	const answer = { status, headers: all, body: Buffer.from(html), isForOwnOrigin: true } as const;
	return compressBody(req, answer, false);
}

/** @param isLasting whether it will be sent many times */
export async function compressBody(
	{ headers }: IncomingMessage,
	answer: Answer & { readonly body: Buffer },
	isLasting: boolean,
): Promise<Answer> {
	const coding = negotiateCoding(String(headers["accept-encoding"] ?? ""));
	const isSmall = answer.body.length < COMPRESSED_MIN;
	const body =
		coding === "identity" || isSmall ? answer.body : await compress(answer.body, coding, isLasting);
	const encoding = body === answer.body ? [] : ["Content-Encoding", coding];
	const length = ["Content-Length", String(body.length)];
	return { ...answer, headers: [...answer.headers, ...encoding, ...length], body };
}
