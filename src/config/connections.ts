/** The options that bound how many readers stay connected, and for how long. */
import type { Option } from "../options.ts";

/** How many clients may stay, and for how long. */
export type ConnectionSettings = {
	readonly connectionsMax: number;
	readonly longPollsMax: number;
	readonly longPollSecondsMax: number;
	readonly liveStreamsMax: number;
	readonly heartbeatMs: number;
	readonly stalledMs: number;
};

/** What the memory holds for slow ones. */
export type BufferSettings = {
	readonly incomingBytesMax: number;
	readonly outgoingBytesMax: number;
};

const MIB = 1024 * 1024;

export const CONNECTION_OPTIONS = [
	{
		name: "connectionsMax",
		flag: "connections-max",
		kind: "whole-number",
		default: 10_000,
		min: 1,
		max: 1_000_000,
		help: "Open connections; more are closed at once.",
	},
	{
		name: "longPollsMax",
		flag: "long-polls-max",
		kind: "whole-number",
		default: 5_000,
		min: 1,
		max: 1_000_000,
		help: "Requests that may wait for an event; more are answered without waiting.",
	},
	{
		name: "longPollSecondsMax",
		flag: "long-poll-seconds-max",
		kind: "whole-number",
		default: 120,
		min: 1,
		max: 3600,
		help: "Seconds a long poll may ask for; a longer wish is cut to this.",
	},
	{
		name: "liveStreamsMax",
		flag: "live-streams-max",
		kind: "whole-number",
		default: 2_000,
		min: 1,
		max: 1_000_000,
		help: "Readers of server-sent events at a time; more are answered 503.",
	},
	{
		name: "heartbeatMs",
		flag: "heartbeat-ms",
		kind: "whole-number",
		default: 15_000,
		min: 100,
		max: 300_000,
		help: "Milliseconds of silence after which a reader of server-sent events gets a comment.",
	},
	{
		name: "stalledMs",
		flag: "stalled-ms",
		kind: "whole-number",
		default: 120_000,
		min: 100,
		max: 3_600_000,
		help: "Milliseconds a reader may take nothing of its answer before it is disconnected.",
	},
	{
		name: "incomingBytesMax",
		flag: "incoming-bytes-max",
		kind: "bytes",
		default: 256 * MIB,
		min: 16 * MIB,
		max: 64 * 1024 * MIB,
		help: "Bytes of large bodies still coming in, all together; the slowest give way.",
	},
	{
		name: "outgoingBytesMax",
		flag: "outgoing-bytes-max",
		kind: "bytes",
		default: 256 * MIB,
		min: 16 * MIB,
		max: 64 * 1024 * MIB,
		help: "Bytes of large answers that wait for their readers, all together; the slowest give way.",
	},
] as const satisfies readonly Option[];
