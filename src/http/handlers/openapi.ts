/**
 * GET /openapi.json: the API as a document, the file that comes with the package.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { matches } from "../../cache/policy.ts";
import type { Answer } from "../answering/answer.ts";
import type { Exchange } from "../answering/exchange.ts";

const DOCUMENT = readFileSync(createRequire(import.meta.url).resolve("varve/openapi.json"));
const TAG = `"${createHash("sha256").update(DOCUMENT).digest("base64url").slice(0, 22)}"`;
/** Another version of the server has another document, under the same URL. */
const KEEPING = ["Cache-Control", "no-cache", "ETag", TAG];

export function answerOpenApi({ req }: Exchange): Answer {
	if (matches(req.headers["if-none-match"], TAG)) return { status: 304, headers: KEEPING };
	const form = ["Content-Type", "application/json", "Content-Length", String(DOCUMENT.length)];
	return { status: 200, headers: [...KEEPING, ...form], body: DOCUMENT };
}
