/**
 * GET /openapi.json: the API as a document, the file that comes with the package.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Document } from "../../cache/documents.ts";
import { fieldLines } from "../../cache/field-lines.ts";
import type { Answer } from "../answering/answer.ts";
import { answerWith } from "../answering/document.ts";
import type { Exchange } from "../answering/exchange.ts";
import { heldTags } from "../conditions/held-tags.ts";

const DOCUMENT = readDocument();

export function answerOpenApi({ req }: Exchange): Answer {
	return answerWith(DOCUMENT, heldTags(req));
}

function readDocument(): Document {
	const body = readFileSync(createRequire(import.meta.url).resolve("varve/openapi.json"));
	const eTag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
	// Another version of the server has another document, under the same URL.
	const keeping = fieldLines(["Cache-Control", "no-cache", "ETag", eTag]);
	const type = fieldLines(["Content-Type", "application/json"]);
	const length = ["Content-Length", String(body.length)];
	return { eTag, mayBeUsed: false, lines: keeping + type, notModifiedLines: keeping, length, body };
}
