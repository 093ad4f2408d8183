/** The options that limit one request. */
import type { Option } from "../options.ts";

/** What one request may take. */
export type RequestSettings = {
	readonly requestTimeoutMs: number;
	readonly bodyBytesMax: number;
	readonly eventBytesMax: number;
	readonly eventsPerAppendMax: number;
};

const MIB = 1024 * 1024;

export const REQUEST_OPTIONS = [
	{
		name: "requestTimeoutMs",
		flag: "request-timeout-ms",
		kind: "whole-number",
		default: 30_000,
		min: 100,
		max: 3_600_000,
		help: "Milliseconds that a request may take before it gets 503. A long poll adds its own time.",
	},
	{
		name: "bodyBytesMax",
		flag: "body-bytes-max",
		kind: "bytes",
		default: 16 * MIB,
		min: 1024,
		max: 256 * MIB,
		help: "Bytes of a request body. A larger one gets 413.",
	},
	{
		name: "eventBytesMax",
		flag: "event-bytes-max",
		kind: "bytes",
		default: 4 * MIB,
		min: 1024,
		max: 4 * MIB,
		help: "Bytes of data and metadata of one event. A larger one gets 413.",
	},
	{
		name: "eventsPerAppendMax",
		flag: "events-per-append-max",
		kind: "whole-number",
		default: 10_000,
		min: 1,
		max: 100_000,
		help: "Events of one append. Known clients send up to 5,000.",
	},
] as const satisfies readonly Option[];
