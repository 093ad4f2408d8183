/** Metrics in the form of OpenTelemetry: the same numbers as `/metrics`, under the same names. */
import type { HrTime, ValueType } from "@opentelemetry/api";
import type { AggregationTemporality, DataPoint, MetricData } from "@opentelemetry/sdk-metrics";
import type { Counted } from "../numbers/histogram.ts";
import type { Metric, Reading } from "../numbers/metric.ts";

export type PointApi = Pick<
	typeof import("@opentelemetry/sdk-metrics"),
	"AggregationTemporality" | "DataPointType"
> &
	Pick<typeof import("@opentelemetry/api"), "ValueType">;

/** Of what is counted: from when, and until when. */
export type Span = { readonly startTime: HrTime; readonly endTime: HrTime };

type Common = {
	readonly descriptor: {
		readonly name: string;
		readonly description: string;
		readonly unit: string;
		readonly valueType: ValueType;
	};
	readonly aggregationTemporality: AggregationTemporality;
};

export function metricData(metric: Metric, span: Span, api: PointApi): MetricData {
	const { kind, readings } = metric;
	const { DataPointType } = api;
	const common = commonOf(metric, api);
	if (kind === "histogram") {
		const dataPoints = readings.map((reading) => histogramPoint(reading, span));
		return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints };
	}
	const dataPoints = readings.map(({ value, labels = {} }) => {
		return { ...span, attributes: labels, value: value as number };
	});
	if (kind === "gauge") return { ...common, dataPointType: DataPointType.GAUGE, dataPoints };
	return { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
}

/** Readers of OTLP put `_total` behind a sum themselves. */
function commonOf({ name, help }: Metric, api: PointApi): Common {
	const plain = name.replace(/_total$/, "");
	const unit = plain.endsWith("_seconds") ? "s" : plain.endsWith("_bytes") ? "By" : "";
	return {
		descriptor: { name: plain, description: help, unit, valueType: api.ValueType.DOUBLE },
		aggregationTemporality: api.AggregationTemporality.CUMULATIVE,
	};
}

type Buckets = {
	readonly buckets: { boundaries: number[]; counts: number[] };
	readonly sum: number;
	readonly count: number;
};

function histogramPoint({ value, labels = {} }: Reading, span: Span): DataPoint<Buckets> {
	const { bounds, counts, sum, total } = value as Counted;
	const buckets = { boundaries: [...bounds], counts: Array.from(counts) };
	return { ...span, attributes: labels, value: { buckets, sum, count: total } };
}
