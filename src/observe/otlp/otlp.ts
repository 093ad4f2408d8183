/**
 * Sends metrics and traces to a collector, by OTLP over HTTP. The packages of OpenTelemetry are
 * loaded here and nowhere else, and only if there is a collector: they take more memory than the
 * rest of the server.
 *
 * A collector that is not there costs nothing but what waits for it: spans beyond a limit are lost,
 * and counters go on counting.
 */
import type { Metric } from "../numbers/metric.ts";
import type { OperatorLog } from "../operator-log.ts";
import { metricData } from "./points.ts";
import { SpanTracing } from "./spans.ts";
import type { RequestTracing } from "./tracing.ts";

const METRICS_EVERY_MS = 30_000;
/** A collector that takes longer is as good as not there. */
const EXPORT_MS = 3_000;
const ATTRIBUTE_CHARACTERS_MAX = 2048;

export type OtlpOptions = {
	/** Of the collector, such as `http://127.0.0.1:4318`; `/v1/traces` and `/v1/metrics` follow. */
	readonly endpoint: string;
	/** Of a hundred requests without a `traceparent`, so many get a trace. */
	readonly tracePercent: number;
	readonly version: string;
	/** Made for each export. */
	readonly metrics: () => Promise<readonly Metric[]>;
};

type Provider = { shutdown(): Promise<void> };

/** Sends until it is closed. */
export class Otlp {
	readonly tracing: RequestTracing;
	readonly #providers: readonly Provider[];

	/** As `startOtlp` makes it. */
	constructor(tracing: RequestTracing, providers: readonly Provider[]) {
		this.tracing = tracing;
		this.#providers = providers;
	}

	/** Sends what is left, as far as the collector takes it. What it does not take is told of. */
	async close(): Promise<void> {
		await Promise.allSettled(this.#providers.map((provider) => provider.shutdown()));
	}
}

/** @throws Error with the code `ERR_MODULE_NOT_FOUND` if the packages are not installed */
export async function startOtlp(options: OtlpOptions, operatorLog: OperatorLog): Promise<Otlp> {
	const packages = await loadPackages();
	const exports = new ExportReports(operatorLog);
	const resource = resourceOf(packages, options.version);
	const traces = startTraces(packages, options, resource, exports);
	const metrics = startMetrics(packages, options, resource, exports);
	const tracing = new SpanTracing(traces.getTracer("varve", options.version), packages);
	return new Otlp(tracing, [traces, metrics]);
}

type Packages = Awaited<ReturnType<typeof loadPackages>>;

async function loadPackages() {
	const [api, core, resources, sdkTrace, sdkMetrics, traceExporter, metricExporter] =
		await Promise.all([
			import("@opentelemetry/api"),
			import("@opentelemetry/core"),
			import("@opentelemetry/resources"),
			import("@opentelemetry/sdk-trace"),
			import("@opentelemetry/sdk-metrics"),
			import("@opentelemetry/exporter-trace-otlp-http"),
			import("@opentelemetry/exporter-metrics-otlp-http"),
		]);
	return {
		...api,
		...core,
		...resources,
		...sdkTrace,
		...sdkMetrics,
		...traceExporter,
		...metricExporter,
	};
}

type Resource = ReturnType<Packages["defaultResource"]>;

/** `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` win, as people who use OTLP expect. */
function resourceOf(packages: Packages, version: string): Resource {
	const { defaultResource, resourceFromAttributes, detectResources, envDetector } = packages;
	const own = resourceFromAttributes({ "service.name": "varve", "service.version": version });
	return defaultResource()
		.merge(own)
		.merge(detectResources({ detectors: [envDetector] }));
}

function startTraces(
	packages: Packages,
	{ endpoint, tracePercent }: OtlpOptions,
	resource: Resource,
	exports: ExportReports,
) {
	const { OTLPTraceExporter, BatchSpanProcessor, TracerProvider } = packages;
	const { ParentBasedSampler, TraceIdRatioBasedSampler } = packages;
	const exporter = new OTLPTraceExporter({
		url: urlUnder(endpoint, "v1/traces"),
		timeoutMillis: EXPORT_MS,
	});
	exports.watch("traces", exporter);
	return new TracerProvider({
		resource,
		sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(tracePercent / 100) }),
		spanLimits: { attributeValueLengthLimit: ATTRIBUTE_CHARACTERS_MAX },
		spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: EXPORT_MS })],
	});
}

function startMetrics(
	packages: Packages,
	{ endpoint, version, metrics }: OtlpOptions,
	resource: Resource,
	exports: ExportReports,
) {
	const { OTLPMetricExporter, PeriodicExportingMetricReader, MeterProvider } = packages;
	const exporter = new OTLPMetricExporter({
		url: urlUnder(endpoint, "v1/metrics"),
		timeoutMillis: EXPORT_MS,
	});
	exports.watch("metrics", exporter);
	const startTime = packages.millisToHrTime(Date.now());
	const reader = new PeriodicExportingMetricReader({
		exporter,
		exportIntervalMillis: METRICS_EVERY_MS,
		exportTimeoutMillis: EXPORT_MS,
		metricProducers: [{ collect }],
	});
	async function collect() {
		const span = { startTime, endTime: packages.millisToHrTime(Date.now()) };
		const made = (await metrics()).map((metric) => metricData(metric, span, packages));
		const scopeMetrics = [{ scope: { name: "varve", version }, metrics: made }];
		return { resourceMetrics: { resource, scopeMetrics }, errors: [] };
	}
	return new MeterProvider({ resource, readers: [reader] });
}

/** The path of the endpoint counts: a collector may be behind a proxy. */
function urlUnder(endpoint: string, path: string): string {
	return `${endpoint.replace(/\/+$/, "")}/${path}`;
}

type Result = { readonly code: number; readonly error?: Error | undefined };
type Exporter<T> = { export(items: T, done: (result: Result) => void): void };

/** Tells the operator when exports begin to fail, and when they work again; not each time. */
class ExportReports {
	readonly #operatorLog: OperatorLog;
	readonly #failing = new Set<string>();

	constructor(operatorLog: OperatorLog) {
		this.#operatorLog = operatorLog;
	}

	/** @param what the exporter sends */
	watch<T>(what: string, exporter: Exporter<T>): void {
		const inner = exporter.export.bind(exporter);
		exporter.export = (items, done) =>
			inner(items, (result) => {
				this.#note(what, result);
				done(result);
			});
	}

	#note(what: string, { code, error }: Result): void {
		const hasFailed = code !== 0;
		if (hasFailed === this.#failing.has(what)) return;
		if (hasFailed) {
			this.#failing.add(what);
			const reason = error?.message ?? "it did not say why";
			this.#operatorLog.warn(`the collector of OTLP does not take ${what}`, { reason });
		} else {
			this.#failing.delete(what);
			this.#operatorLog.info(`the collector of OTLP takes ${what} again`);
		}
	}
}
