/** A metric: its name by the conventions of Prometheus, and how its values are to be had. */
import type { Counted } from "./histogram.ts";

export type MetricKind = "counter" | "gauge" | "histogram";
export type Labels = Readonly<Record<string, string>>;

/** A histogram has a `Counted`, the others a number. */
export type Reading = { readonly value: number | Counted; readonly labels?: Labels };

export type Metric = {
	/** `varve_…`, with its unit, and `_total` behind a counter. */
	readonly name: string;
	readonly kind: MetricKind;
	/** One sentence. */
	readonly help: string;
	/** Now. None if there is nothing to tell. */
	readonly readings: readonly Reading[];
};

export function counter(name: string, help: string, value: Given): Metric {
	return { name, kind: "counter", help, readings: readingsOf(value) };
}

export function gauge(name: string, help: string, value: Given): Metric {
	return { name, kind: "gauge", help, readings: readingsOf(value) };
}

export function histogram(name: string, help: string, value: Counted | readonly Reading[]): Metric {
	const readings = "bounds" in value ? [{ value }] : value;
	return { name, kind: "histogram", help, readings };
}

/** A number, or one for each set of labels; undefined for one that nobody knows. */
type Given = number | undefined | readonly Reading[];

function readingsOf(value: Given): readonly Reading[] {
	if (value === undefined) return [];
	return typeof value === "number" ? [{ value }] : value;
}

/** One number for each value of a label. */
export function byLabel(label: string, numbers: Readonly<Record<string, number>>): Reading[] {
	return Object.entries(numbers).map(([name, value]) => ({ value, labels: { [label]: name } }));
}
