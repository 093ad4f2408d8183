/** The options for whoever runs the server: where settings come from, the log, and the disk. */
import type { Option } from "../options.ts";

export type OperatorSettings = {
	readonly config: string | undefined;
	readonly logFormat: string;
	readonly logLevel: string;
	readonly logRequests: boolean;
	/** Undefined for what `src/log/room/` makes of the size of the disk. */
	readonly diskFreeMin: number | undefined;
};

const MIB = 1024 * 1024;

export const OPERATOR_OPTIONS = [
	{
		name: "config",
		flag: "config",
		kind: "text",
		default: undefined,
		placeholder: "FILE",
		help: "JSON file with settings, named as the flags. SIGHUP makes the server read it again.",
	},
	{
		name: "logFormat",
		flag: "log-format",
		kind: "text",
		default: "text",
		placeholder: "FORMAT",
		pattern: { test: /^(text|json)$/, reason: "it must be text or json" },
		help: "Form of the operator log on stderr: text for people, json for programs.",
	},
	{
		name: "logLevel",
		flag: "log-level",
		kind: "text",
		default: "info",
		placeholder: "LEVEL",
		pattern: { test: /^(error|warn|info)$/, reason: "it must be error, warn or info" },
		reloads: true,
		help: "Least important lines to log: error, warn or info.",
	},
	{
		name: "logRequests",
		flag: "log-requests",
		kind: "yes-no",
		default: false,
		reloads: true,
		help: "Log each request: method, path, status, milliseconds, bytes and an id. Needs the level info.",
	},
	{
		name: "diskFreeMin",
		flag: "disk-free-min",
		kind: "bytes",
		default: undefined,
		min: 0,
		max: 1024 * 1024 * MIB,
		reloads: true,
		help: "Bytes to keep free on the disk: with less, appends get 507. Default: 64MiB, or a tenth of a smaller disk.",
	},
] as const satisfies readonly Option[];
