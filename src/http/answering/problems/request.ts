/** Problems of a request that the server finds before it knows the resource. */
import type { RequestRefusals } from "../../../errors.ts";
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
	| "body-incomplete"
	| "form-not-ours"
	| "host-not-ours"
	| "foreign-origin"
	| "plain-credentials"
	| "bad-client-certificate"
	| "unauthorized"
	| "logins-busy"
	| "logins-slowed"
	| "issuer-unreachable"
	| "login-unfinished";

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
		detail: (f) =>
			`'${f.host}' is not a host name with an optional port, such as varve.example.com:2113.`,
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
		detail: (f) => `${f.header} header in wrong format. It was '${f.value}'. ${f.reason}`,
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
		detail: (f) => `This server has no resource at the path ${f.path}. ${pathAdvice(f.path)}`,
	},
	"method-not-allowed": {
		status: 405,
		title: "Method not allowed",
		detail: (f) =>
			`This resource does not allow ${f.method}. It allows ${f.allowed.join(", ")}.` +
			methodAdvice(f.method, f.allowed),
		headers: (f) => ["Allow", f.allowed.join(", ")],
	},
	"not-acceptable": {
		status: 406,
		title: "Not available in the requested format",
		detail: (f) =>
			`The server has none of the formats in Accept '${f.accept}'. ` +
			`Send, for example, Accept: ${suggested(f.available)}. It has ${f.available.join(", ")}.`,
	},
	"unsupported-media-type": {
		status: 415,
		reason: () => "Invalid or missing Content-Type",
		title: "Invalid or missing Content-Type",
		detail: (f) =>
			`${unreadable(f.contentType)} ${recommended(f.available)} ` +
			`This resource reads ${f.available.join(", ")}, in UTF-8 and not compressed.`,
	},
	"body-too-large": {
		status: 413,
		title: "Body too large",
		detail: (f) =>
			`A request body may have at most ${f.bodyBytesMax} bytes. Nothing was written. ` +
			"Send the events in several appends.",
	},
	"body-incomplete": {
		status: 400,
		title: "Body incomplete",
		detail: (f) => `The body ended after ${f.received} bytes, before its announced end.`,
	},
	"form-not-ours": {
		status: 403,
		title: "Form not ours",
		detail: () =>
			"The form was not sent from a page that this server gave to this browser since its last " +
			"start. Nothing was changed. Go back, load the page again, and send the form from there.",
	},
	"host-not-ours": {
		status: 421,
		title: "Not a name of this server",
		detail: (f) =>
			`The Host header says '${f.host}', which is no name of this server. If clients reach it under ` +
			"that name, its operator has to say so: --public-url http://that-name:port.",
	},
	"foreign-origin": {
		status: 403,
		title: "Write from another origin",
		detail: (f) =>
			`A page of the origin '${f.origin}' sent this. Pages of other origins may change nothing here, ` +
			"unless the operator names theirs: --cors-origin https://app.example.com. Nothing was changed.",
	},
	"plain-credentials": {
		status: 403,
		title: "Credentials in plain HTTP",
		detail: (f) =>
			"The request came over plain HTTP, so others may have read its password or token: change it. " +
			`Use https. ${f.isForwarded ? PASSED_ON : NOT_PASSED_ON} Nothing was changed.`,
	},
	"bad-client-certificate": {
		status: 403,
		title: "Client certificate not accepted",
		detail: (f) =>
			`The certificate of this client stands for no user: ${f.reason}. Connect without one, or with ` +
			"one of the authority that --tls-client-ca names.",
	},
	unauthorized: {
		status: 401,
		title: "Not allowed",
		detail: (f) => DENIED[f.cause],
		headers: () => CHALLENGE,
	},
	"logins-busy": {
		status: 503,
		title: "Too many logins",
		detail: () => "The server checks as many passwords as it can. Send the request again later.",
		headers: (f) => ["Retry-After", String(f.retryAfterSeconds)],
	},
	"logins-slowed": {
		status: 429,
		title: "Login slowed down",
		detail: (f) =>
			"Too many logins of this name have failed from your address. " +
			`Try again in ${f.retryAfterSeconds} seconds.`,
		headers: (f) => ["Retry-After", String(f.retryAfterSeconds)],
	},
	"issuer-unreachable": {
		status: 503,
		title: "Issuer unreachable",
		detail: () =>
			"The server cannot ask the issuer who you are, or for the keys of its tokens. " +
			"Send the request again later.",
		headers: (f) => ["Retry-After", String(f.retryAfterSeconds)],
	},
	"login-unfinished": {
		status: 403,
		title: "Not logged in",
		detail: (f) => `The login did not come to its end: ${f.reason}. Begin it again.`,
	},
};

/** RFC 7617. */
const CHALLENGE: readonly string[] = ["WWW-Authenticate", 'Basic realm="Varve", charset="UTF-8"'];

const DENIED: Readonly<Record<RequestRefusals["unauthorized"]["cause"], string>> = {
	anonymous: "The request carries no credentials, and clients without them may not do this.",
	"anonymous-off":
		"The request carries no credentials, and comes from beyond the machine of the server, where it " +
		"asks everyone for them.",
	credentials: "The credentials are wrong, or their user is disabled.",
	denied: "Your credentials are good, and you may not do this.",
};

const PASSED_ON =
	"A proxy has passed it on: the operator has to name that proxy with --trusted-proxies, and the " +
	"proxy has to say X-Forwarded-Proto: https.";
const NOT_PASSED_ON =
	"The operator gives the server a certificate with --tls-cert, or says with --tls off that this " +
	"network keeps secrets.";

function unreadable(contentType: string): string {
	if (contentType === "") return "The request has no Content-Type.";
	return `This resource cannot read '${contentType}'.`;
}

/** Of a long list, most clients need one of three. */
function recommended(available: readonly string[]): string {
	const uses = [
		["application/json", "JSON with Content-Type: application/json"],
		["application/octet-stream", "other bytes as application/octet-stream"],
		[EVENTS, `and several events as ${EVENTS}`],
	];
	const fitting = uses.filter(([name = ""]) => available.includes(name));
	return `Send ${fitting.map(([, use]) => use).join(", ")}.`;
}

const EVENTS = "application/vnd.eventstore.events+json";

function suggested(available: readonly string[]): string | undefined {
	return available.includes("application/json") ? "application/json" : available[0];
}

function methodAdvice(method: string, allowed: readonly string[]): string {
	if (method === "POST") return " An append goes to a stream, as in POST /streams/order-42.";
	if (!/^(?:PUT|PATCH)$/.test(method)) return "";
	const append = allowed.includes("POST") ? "send POST" : "send POST to the stream";
	return ` Events never change; to append one, ${append}.`;
}

function pathAdvice(path: string): string {
	if (/^\/streams\/?$/.test(path)) {
		return (
			"The name of the stream is missing, as in /streams/order-42. In a shell, put a name with $ in " +
			"single quotes: '/streams/$all'."
		);
	}
	if (path.startsWith("/streams/")) {
		return (
			"A stream is at /streams/order-42, its events at /streams/order-42/0, its pages at " +
			"/streams/order-42/0/forward/20. In a stream's name, write / as %2F."
		);
	}
	return "A stream is at /streams/{name}, as in /streams/order-42; /openapi.json lists all paths.";
}
