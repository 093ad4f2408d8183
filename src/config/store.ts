/** The options of a log that is not in the data directory, but in a PostgreSQL database. */
import { isStoreAddress, storeShown } from "../log/postgres/address.ts";
import { invalidOption, type Option } from "../options.ts";

export type StoreSettings = {
	/** Undefined for the SQLite file of the data directory. */
	readonly store: string | undefined;
	/** Undefined for `store`. */
	readonly storeSession: string | undefined;
	/** Undefined for `store`. */
	readonly readStore: string | undefined;
	readonly storeConnections: number;
	readonly storeUnsafe: boolean;
	readonly standby: "warn" | "require" | "ignore";
	/** Undefined for the address it listens on. */
	readonly nodeUrl: string | undefined;
};

const STORE = {
	test: { test: isStoreAddress },
	reason: "it must be a URL such as postgres://varve@db.example:5432/varve",
} as const;
const holdsSecret = (value: string) => storeShown(value) !== value;

export const STORE_OPTIONS = [
	{
		name: "store",
		flag: "store",
		kind: "text",
		default: undefined,
		placeholder: "URL",
		pattern: STORE,
		shown: storeShown,
		holdsSecret,
		help: "PostgreSQL database of the log, for several servers over one log. Default: the file in --data.",
	},
	{
		name: "storeSession",
		flag: "store-session",
		kind: "text",
		default: undefined,
		placeholder: "URL",
		pattern: STORE,
		shown: storeShown,
		holdsSecret,
		help: "Where --store leads to a pooler: the database itself, for the connection that listens and leads.",
	},
	{
		name: "readStore",
		flag: "read-store",
		kind: "text",
		default: undefined,
		placeholder: "URL",
		pattern: STORE,
		shown: storeShown,
		holdsSecret,
		help: "Streaming replica of --store, which reads are answered from as far as it has come.",
	},
	{
		name: "storeConnections",
		flag: "store-connections",
		kind: "whole-number",
		default: 8,
		min: 1,
		max: 200,
		help: "Connections to the database for reads. Each server has two more.",
	},
	{
		name: "storeUnsafe",
		flag: "store-unsafe",
		kind: "yes-no",
		default: false,
		help: "Take a database that may lose acknowledged events: fsync, full_page_writes or synchronous_commit off.",
	},
	{
		name: "standby",
		flag: "standby",
		kind: "text",
		default: "warn",
		pattern: {
			test: /^(warn|require|ignore)$/,
			reason: "it must be warn, require or ignore",
		},
		help: "While commits wait for no synchronous standby: warn if they once did, require (refuse appends), or ignore.",
	},
	{
		name: "nodeUrl",
		flag: "node-url",
		kind: "url",
		default: undefined,
		help: "URL of this very server, which others over its log name when it leads. Default: http, --host and --port.",
	},
] as const satisfies readonly Option[];

/** @throws Refusal `invalid-option` for what says nothing without the database */
export function checkStore({ store, storeSession, readStore, standby }: StoreSettings): void {
	if (store !== undefined) return;
	const given = {
		"--store-session": storeSession !== undefined,
		"--read-store": readStore !== undefined,
		"--standby": standby === "require",
	};
	for (const [flag, isGiven] of Object.entries(given)) {
		if (isGiven) throw invalidOption(flag, "", "it needs --store");
	}
}
