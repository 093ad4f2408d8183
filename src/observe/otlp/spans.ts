/** Makes a span of each request, by the names of OpenTelemetry's conventions for HTTP servers. */
import type { Context as TraceContext, Tracer } from "@opentelemetry/api";
import type { EndTrace } from "../numbers/requests.ts";
import type { RequestTracing, TracedRequest } from "./tracing.ts";

export type TraceApi = Pick<
	typeof import("@opentelemetry/api"),
	"ROOT_CONTEXT" | "SpanKind" | "SpanStatusCode" | "trace"
> &
	Pick<typeof import("@opentelemetry/core"), "parseTraceParent">;

const KNOWN_METHODS = new Set(["GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"]);

export class SpanTracing implements RequestTracing {
	readonly #tracer: Tracer;
	readonly #api: TraceApi;

	constructor(tracer: Tracer, api: TraceApi) {
		this.#tracer = tracer;
		this.#api = api;
	}

	begin(req: TracedRequest, route: string): EndTrace {
		const { SpanKind, SpanStatusCode } = this.#api;
		const method = KNOWN_METHODS.has(req.method ?? "") ? String(req.method) : "_OTHER";
		const attributes = {
			"http.request.method": method,
			"http.route": route,
			"url.path": (req.url ?? "").replace(/\?.*$/s, ""),
		};
		const name = `${method === "_OTHER" ? "HTTP" : method} ${route}`;
		const options = { kind: SpanKind.SERVER, attributes };
		const span = this.#tracer.startSpan(name, options, this.#parentOf(req));
		return (status) => {
			if (status > 0) span.setAttribute("http.response.status_code", status);
			else span.setAttribute("error.type", "client_gone");
			if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
			span.end();
		};
	}

	/** What is no `traceparent` counts as none, as its specification asks. */
	#parentOf({ headers }: TracedRequest): TraceContext {
		const { ROOT_CONTEXT, trace, parseTraceParent } = this.#api;
		const given = headers.traceparent;
		const parent = typeof given === "string" ? parseTraceParent(given) : null;
		if (parent === null) return ROOT_CONTEXT;
		return trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true });
	}
}
