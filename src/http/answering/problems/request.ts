/** Problems of a request that the server finds before it knows the resource. */
import type { Problem } from "./problem.ts";

type Words =
	| "malformed-http"
	| "headers-too-large"
	| "request-too-slow"
	| "malformed-url"
	| "malformed-host"
	| "malformed-body"
	| "malformed-json"
	| "malformed-header"
	| "malformed-query"
	| "misspelt-name"
	| "route-not-found"
	| "method-not-allowed"
	| "not-acceptable"
	| "unsupported-media-type"
	| "body-too-large"
	| "body-incomplete";

export const REQUEST_PROBLEMS: { readonly [W in Words]: Problem<W> } = {
	"malformed-http": {
		status: 400,
		title: "Not an HTTP request",
		detail: (f) => `The server cannot read the request: ${f.reason}.`,
	},
	"headers-too-large": {
		status: 431,
		title: "Request headers too large",
		detail: (f) =>
			`Request line and headers together may have at most ${f.headerBytesMax} bytes, ` +
			`and at most ${f.headerFieldsMax} headers.`,
	},
	"request-too-slow": {
		status: 408,
		title: "Request too slow",
		detail: () => "The request did not arrive in full within the time that the server allows.",
		headers: () => ["Connection", "close"],
	},
	"malformed-url": { status: 400, title: "Malformed URL", detail: (f) => f.reason },
	"malformed-host": {
		status: 400,
		title: "Malformed Host header",
		detail: (f) => `'${f.host}' is not a host name with an optional port.`,
	},
	"malformed-body": {
		status: 400,
		title: "Write request body invalid",
		detail: (f) =>
			`Write request body invalid. ${f.index === undefined ? "" : `Event ${f.index}: `}${f.reason}`,
	},
	"malformed-json": {
		status: 400,
		title: "Malformed JSON",
		detail: (f) =>
			`Write request body invalid. Line ${f.line}, column ${f.column} ` +
			`(byte ${f.byteOffset}): ${f.reason}`,
	},
	"malformed-header": {
		status: 400,
		title: "Malformed header",
		detail: (f) => `${f.header} header in wrong format. ${f.reason}`,
	},
	"malformed-query": {
		status: 400,
		title: "Malformed query",
		detail: (f) => `Query parameter '${f.parameter}' cannot be '${f.value}': ${f.reason}`,
	},
	"misspelt-name": {
		status: 400,
		title: "Misspelt name",
		detail: (f) =>
			`The server knows no ${f.kind} '${f.name}'. If you mean the ` +
			`${f.meant === "metadata" ? "query parameter" : "header"} ${f.meant}, write it so; ` +
			"else rename yours. Nothing was changed.",
	},
	"route-not-found": {
		status: 404,
		title: "No resource at this path",
		detail: (f) => `This server has no resource at the path ${f.path}.`,
	},
	"method-not-allowed": {
		status: 405,
		title: "Method not allowed",
		detail: (f) => `This resource does not allow ${f.method}. It allows ${f.allowed.join(", ")}.`,
		headers: (f) => ["Allow", f.allowed.join(", ")],
	},
	"not-acceptable": {
		status: 406,
		title: "Not available in the requested format",
		detail: (f) =>
			`The server has none of the formats in Accept '${f.accept}'. ` +
			`It has ${f.available.join(", ")}.`,
	},
	"unsupported-media-type": {
		status: 415,
		reason: () => "Invalid or missing Content-Type",
		title: "Invalid or missing Content-Type",
		detail: (f) =>
			`This resource cannot read '${f.contentType}'; send one of ${f.available.join(", ")}.`,
	},
	"body-too-large": {
		status: 413,
		title: "Body too large",
		detail: (f) => `A request body may have at most ${f.bodyBytesMax} bytes. Nothing was written.`,
	},
	"body-incomplete": {
		status: 400,
		title: "Body incomplete",
		detail: (f) => `The body ended after ${f.received} bytes, before its announced end.`,
	},
};
