/**
 * Metrics as text, for Prometheus and what reads its format. The package writes the text; a
 * registry is made for each answer, since its form is a setting of the whole registry.
 */
import { type Metric as Registered, Registry } from "prom-client";
import type { Counted } from "./histogram.ts";
import type { Metric, Reading } from "./metric.ts";

export type MetricsForm = "prometheus" | "openmetrics";

const CONTENT_TYPES = {
	prometheus: Registry.PROMETHEUS_CONTENT_TYPE,
	openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
} as const;

/** As in `Content-Type`. */
export function metricsContentType(form: MetricsForm): string {
	return CONTENT_TYPES[form];
}

export async function metricsText(metrics: readonly Metric[], form: MetricsForm): Promise<string> {
	const registry = new Registry<"text/plain; version=0.0.4; charset=utf-8">();
	// The types of the package know one form for each registry.
	registry.setContentType(CONTENT_TYPES[form] as typeof Registry.PROMETHEUS_CONTENT_TYPE);
	for (const metric of metrics) registry.registerMetric(registered(metric));
	return registry.metrics();
}

/** All that the registry asks of a metric is `get()`. It renames counters, on this object alone. */
function registered({ name, kind, help, readings }: Metric): Registered {
	const values = readings.flatMap((reading) => samplesOf(name, reading));
	const shown = {
		name,
		type: kind,
		get: async () => ({ name: shown.name, help, type: kind, values, aggregator: "sum" }),
	};
	return shown as unknown as Registered;
}

type Sample = {
	readonly value: number;
	readonly labels: Readonly<Record<string, string>>;
	readonly metricName?: string;
};

function samplesOf(name: string, { value, labels = {} }: Reading): Sample[] {
	return typeof value === "number" ? [{ value, labels }] : bucketsOf(name, value, labels);
}

/** Buckets hold all that is not larger than their bound. */
function bucketsOf(name: string, counted: Counted, labels: Sample["labels"]): Sample[] {
	const { bounds, counts, sum, total } = counted;
	let upTo = 0;
	const buckets = [...bounds, "+Inf"].map((bound, at) => {
		upTo += counts[at] ?? 0;
		return { metricName: `${name}_bucket`, value: upTo, labels: { le: String(bound), ...labels } };
	});
	return [
		...buckets,
		{ metricName: `${name}_sum`, value: sum, labels },
		{ metricName: `${name}_count`, value: total, labels },
	];
}
