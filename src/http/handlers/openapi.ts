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

const DOCUMENT = readDocument();

export function answerOpenApi(exchange: Exchange): Answer {
	return answerWith(exchange, DOCUMENT);
}

function readDocument(): Document {
	const body = readFileSync(createRequire(import.meta.url).resolve("varve/openapi.json"));
	const eTag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
	// Another version of the server has another document, under the same URL.
	const keeping = fieldLines(["Cache-Control", "no-cache", "ETag", eTag]);
	const whole = keeping + fieldLines(["Content-Type", "application/json"]);
	return {
		stream: undefined,
		eTag,
		mayBeUsed: false,
		lines: { usual: whole, private: whole },
		notModifiedLines: { usual: keeping, private: keeping },
		length: ["Content-Length", String(body.length)],
		isPublic: true,
		gatewayLines: "",
		body,
	};
}
