/**
 * Every option of the server: its flag, environment name, default, kind, and one line of help. An
 * option exists only in this table; help texts, the environment and docs/options.md come from it.
 */
import { ACCESS_OPTIONS, type AccessSettings } from "./config/access.ts";
import { ACCOUNT_OPTIONS, type AccountSettings } from "./config/accounts/accounts.ts";
import { checkOidc, OIDC_OPTIONS, type OidcSettings } from "./config/accounts/oidc.ts";
import { SESSION_OPTIONS, type SessionSettings } from "./config/accounts/sessions.ts";
import { CACHING_OPTIONS, type CachingSettings } from "./config/caching.ts";
import {
	type BufferSettings,
	CONNECTION_OPTIONS,
	type ConnectionSettings,
} from "./config/connections.ts";
import { PROJECTION_OPTIONS, type ProjectionsSettings } from "./config/consumers/projections.ts";
import { PUSH_OPTIONS, type PushSettings } from "./config/consumers/push.ts";
import { OPERATOR_OPTIONS, type OperatorSettings } from "./config/operator.ts";
import { REQUEST_OPTIONS, type RequestSettings } from "./config/requests.ts";
import { SCREEN_OPTIONS, type ScreenSettings } from "./config/screens.ts";
import { SEARCH_OPTIONS, type SearchSettings } from "./config/searching.ts";
import { checkStore, STORE_OPTIONS, type StoreSettings } from "./config/store.ts";
import { checkTls, TLS_OPTIONS, type TlsSettings } from "./config/tls.ts";
import { Refusal } from "./errors.ts";
import { DEFAULT_LOG_LIMITS, type LogLimits } from "./log/log.ts";
import { parseNetworks } from "./networks.ts";
import { type Arguments, type Option, parseArguments } from "./options.ts";

export { isLoopback, isOpen } from "./config/access.ts";
export { oidcOf } from "./config/accounts/oidc.ts";
export { differencesOf, reloadedOf, settingsShown } from "./config/differences.ts";
export { type OptionInForce, OptionsInForce } from "./config/in-force.ts";
export { environmentName, type Sources } from "./options.ts";

export type Settings = ServingSettings &
	TlsSettings &
	SessionSettings &
	AccessSettings &
	AccountSettings &
	OidcSettings &
	ScreenSettings &
	StorageSettings &
	StoreSettings &
	OperatorSettings &
	CachingSettings &
	RequestSettings &
	SearchSettings &
	ProjectionsSettings &
	PushSettings &
	LogLimits &
	CacheSettings &
	ConnectionSettings &
	BufferSettings;

/** Where the server is reached, and by whom. */
export type ServingSettings = {
	readonly host: string;
	readonly port: number;
	readonly publicUrl: string | undefined;
	readonly trustedProxies: string | undefined;
	readonly corsOrigin: string;
	readonly corsHeaders: string | undefined;
	readonly infoState: string;
};

/** The log's files, and how they are treated. */
export type StorageSettings = {
	readonly data: string;
	readonly upgradeCopy: boolean;
	readonly checkpoints: boolean;
	readonly checkReads: boolean;
	readonly onWriteFailure: string;
};

/** The documents that are kept in memory. */
export type CacheSettings = {
	readonly cacheBytesMax: number;
	readonly cachePagesMax: number;
};

/** An option of the server. The other verbs define their options in `cli/`. */
export type ServerOption = Option & { readonly name: keyof Settings };

const MIB = 1024 * 1024;

export const OPTIONS: readonly ServerOption[] = [
	{
		name: "host",
		flag: "host",
		kind: "text",
		default: "127.0.0.1",
		help: "Address to listen on. On any but loopback, clients need credentials.",
	},
	{
		name: "port",
		flag: "port",
		kind: "whole-number",
		default: 2113,
		min: 0,
		max: 65535,
		help: "Port to listen on. 0 takes a free port.",
	},
	{
		name: "data",
		flag: "data",
		kind: "text",
		default: "./data",
		placeholder: "DIR",
		help: "Directory of the log. Only one server at a time can use it. With --store: of what the node keeps beside it.",
	},
	{
		name: "upgradeCopy",
		flag: "upgrade-copy",
		kind: "yes-no",
		default: true,
		help: "Keep a copy of the log before a newer version changes its schema, so that you can go back.",
	},
	{
		name: "checkpoints",
		flag: "checkpoints",
		kind: "yes-no",
		default: true,
		help: "Checkpoint the WAL. Set to no if another process (such as Litestream) does it.",
	},
	{
		name: "checkReads",
		flag: "check-reads",
		kind: "yes-no",
		default: false,
		help: "Check every event that is read against its hash, and refuse to serve a damaged one.",
	},
	{
		name: "publicUrl",
		flag: "public-url",
		kind: "url",
		default: undefined,
		help: "URL under which clients reach this server. Links start with it. Default: the request's Host.",
	},
	{
		name: "trustedProxies",
		flag: "trusted-proxies",
		kind: "text",
		default: undefined,
		pattern: {
			test: { test: (text) => parseNetworks(text) !== undefined },
			reason: "it must be a list of addresses and networks such as 10.0.0.0/8, ::1",
		},
		help: "Proxies whose X-Forwarded-* and Forwarded headers to trust, such as 10.0.0.0/8, ::1.",
	},
	{
		name: "corsOrigin",
		flag: "cors-origin",
		kind: "text",
		default: "*",
		pattern: {
			test: /^(\*|none|https?:\/\/[\w.:[\]-]+(, ?https?:\/\/[\w.:[\]-]+){0,19})$/,
			reason: "it must be *, none, or up to 20 origins such as https://app.example.com",
		},
		help: "Origins whose pages may use this server from a browser: *, a list of origins, or none.",
	},
	{
		name: "corsHeaders",
		flag: "cors-headers",
		kind: "text",
		default: undefined,
		pattern: {
			test: /^[\w-]+(, ?[\w-]+)*$/,
			reason: "it must be a list of header names such as X-Trace-Id, X-Tenant",
		},
		help: "Headers that browsers may send besides those of the API, such as X-Trace-Id, X-Tenant.",
	},
	...grouped("PostgreSQL", STORE_OPTIONS),
	...grouped("Access", ACCESS_OPTIONS),
	...grouped("TLS", TLS_OPTIONS),
	...grouped("Sessions", SESSION_OPTIONS),
	...grouped("Users", ACCOUNT_OPTIONS),
	...grouped("OpenID Connect", OIDC_OPTIONS),
	...grouped("Admin UI", SCREEN_OPTIONS),
	{
		name: "infoState",
		flag: "info-state",
		kind: "text",
		default: "leader",
		pattern: { test: /^(leader|master)$/, reason: "it must be leader or master" },
		help: "What /info and /gossip call this node: leader, or master for clients of version 5.",
	},
	{
		name: "onWriteFailure",
		flag: "on-write-failure",
		kind: "text",
		default: "stay",
		pattern: { test: /^(stay|exit)$/, reason: "it must be stay or exit" },
		help: "What to do if the disk fails and nothing can be appended: stay (reads go on), or exit.",
	},
	...grouped("Operator", OPERATOR_OPTIONS),
	...grouped("Caching", CACHING_OPTIONS),
	...grouped("Requests", REQUEST_OPTIONS),
	{
		name: "pageBytesMax",
		flag: "page-bytes-max",
		kind: "bytes",
		default: DEFAULT_LOG_LIMITS.pageBytesMax,
		min: 20 * 4 * MIB,
		max: 1024 * MIB,
		help: "Bytes of events that one page may show. A page of 20 of the largest events must fit.",
	},
	{
		name: "appendQueueMax",
		flag: "append-queue-max",
		kind: "whole-number",
		default: DEFAULT_LOG_LIMITS.appendQueueMax,
		min: 1,
		max: 1_000_000,
		help: "Appends that may wait for the disk. Further ones get 503.",
	},
	{
		name: "appendQueueBytesMax",
		flag: "append-queue-bytes-max",
		kind: "bytes",
		default: DEFAULT_LOG_LIMITS.appendQueueBytesMax,
		min: 4 * MIB,
		max: 1024 * MIB,
		help: "Bytes of events that may wait for the disk. Further ones get 503.",
	},
	{
		name: "cacheBytesMax",
		flag: "cache-bytes-max",
		kind: "bytes",
		default: 12 * MIB,
		min: 0,
		max: 64 * 1024 * MIB,
		help: "Bytes of sealed pages kept in memory, all media types and codings together.",
	},
	{
		name: "cachePagesMax",
		flag: "cache-pages-max",
		kind: "whole-number",
		default: 20_000,
		min: 1,
		max: 10_000_000,
		help: "Sealed pages kept in memory.",
	},
	...grouped("Search", SEARCH_OPTIONS),
	...grouped("Projections", PROJECTION_OPTIONS),
	...grouped("Push", PUSH_OPTIONS),
	...grouped("Connections", CONNECTION_OPTIONS),
];

function grouped(group: string, options: readonly ServerOption[]): ServerOption[] {
	return options.map((option) => ({ ...option, group }));
}

/** Options of the verbs that work on a data directory, or on a database, without a server. */
export const DATA_OPTIONS: readonly Option[] = OPTIONS.filter(
	({ name }) => name === "data" || name === "config" || name === "store",
);

/**
 * The server's settings from what follows `varve serve` and from the environment.
 * @throws Refusal `unknown-option`, `invalid-option`
 */
export function parseSettings(argv: readonly string[], env: NodeJS.ProcessEnv): Settings {
	return settingsOf(parseArguments(argv, env, OPTIONS));
}

/**
 * Makes the settings from parsed arguments.
 * @throws Refusal `unknown-option`
 */
export function settingsOf({ operands, values }: Arguments): Settings {
	const [unexpected] = operands;
	if (unexpected !== undefined) throw new Refusal("unknown-option", { option: unexpected });
	// `parseArguments` has set every name of the table, with a value of its kind.
	const settings = values as Settings;
	checkTls(settings);
	checkOidc(settings);
	checkStore(settings);
	return settings;
}
