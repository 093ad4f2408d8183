/** The options that limit connections: how many, for how long, and how much memory they hold. */
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
		help: "Open connections. The server closes further ones at once.",
	},
	{
		name: "longPollsMax",
		flag: "long-polls-max",
		kind: "whole-number",
		default: 5_000,
		min: 1,
		max: 1_000_000,
		help: "Requests that may wait for an event. The server answers further ones without waiting.",
	},
	{
		name: "longPollSecondsMax",
		flag: "long-poll-seconds-max",
		kind: "whole-number",
		default: 120,
		min: 1,
		max: 3600,
		help: "Seconds that a long poll may ask for. The server shortens a longer one to this.",
	},
	{
		name: "liveStreamsMax",
		flag: "live-streams-max",
		kind: "whole-number",
		default: 2_000,
		min: 1,
		max: 1_000_000,
		help: "Readers of server-sent events at a time. Further ones are told to come back in 5 s.",
	},
	{
		name: "heartbeatMs",
		flag: "heartbeat-ms",
		kind: "whole-number",
		default: 15_000,
		min: 100,
		max: 300_000,
		help: "Milliseconds of silence before the server sends a comment to a reader of server-sent events.",
	},
	{
		name: "stalledMs",
		flag: "stalled-ms",
		kind: "whole-number",
		default: 120_000,
		min: 100,
		max: 3_600_000,
		help: "Milliseconds that a reader may take nothing of its answer before the server disconnects it.",
	},
	{
		name: "incomingBytesMax",
		flag: "incoming-bytes-max",
		kind: "bytes",
		default: 256 * MIB,
		min: 16 * MIB,
		max: 64 * 1024 * MIB,
		help: "Bytes of all large bodies that are still arriving. At the limit, the slowest get 503.",
	},
	{
		name: "outgoingBytesMax",
		flag: "outgoing-bytes-max",
		kind: "bytes",
		default: 256 * MIB,
		min: 16 * MIB,
		max: 64 * 1024 * MIB,
		help: "Bytes of all large answers that wait for their readers. At the limit, the slowest are cut off.",
	},
] as const satisfies readonly Option[];
