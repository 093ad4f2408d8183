/**
 * GET /openapi.json: the API as a document, the file that comes with the package.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Document } from "../../cache/documents.ts";
import type { Answer } from "../answering/answer.ts";
import { answerWith } from "../answering/document.ts";
import type { Exchange } from "../answering/exchange.ts";
import { heldTags } from "../request/held-tags.ts";

const DOCUMENT = readDocument();

export function answerOpenApi({ req }: Exchange): Answer {
	return answerWith(DOCUMENT, heldTags(req));
}

function readDocument(): Document {
	const body = readFileSync(createRequire(import.meta.url).resolve("varve/openapi.json"));
	const eTag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
	// Another version of the server has another document, under the same URL.
	const keeping = ["Cache-Control", "no-cache", "ETag", eTag];
	const form = ["Content-Type", "application/json", "Content-Length", String(body.length)];
	return {
		eTag,
		mayBeUsed: false,
		headers: [...keeping, ...form],
		notModifiedHeaders: keeping,
		body,
	};
}
