/** Which part may import which, and the one function that holds the files against it. */
import { PACKAGES } from "./packages.ts";
import type { Source } from "./source.ts";

/** What every part of the server may know. */
const VALUES = ["src/event.ts", "src/errors.ts", "src/up-to.ts"];

/** What an engine is made of, and what integrity is judged by. */
const LOG_KNOWS = [
	"feeds/proof",
	"src/retention",
	"src/indexes",
	// Counts what the log does.
	"src/observe/numbers/log-activity.ts",
	...VALUES,
];

/** The lowest files of the SQLite engine, which all its parts stand on. */
const SQL = [
	"src/log/sqlite/statements.ts",
	"src/log/sqlite/failures.ts",
	"src/log/sqlite/protocol.ts",
	"src/log/sqlite/ids",
	"src/log/sqlite/spans.ts",
];

/** What writes a log of the SQLite engine stands on, besides those. */
const SQLITE_PARTS = [
	"src/log/questions",
	"src/log/sqlite/files",
	"src/log/sqlite/verify",
	"src/log/sqlite/streams",
	"src/log/sqlite/tree",
	"src/log/sqlite/erasure",
	"src/log/verify",
	"src/log",
	...LOG_KNOWS,
];

/** What HTTP is an edge of. */
const HTTP_KNOWS = [
	"src/access",
	"src/accounts",
	"src/audit",
	"src/retention",
	"src/indexes",
	"src/pages",
	"src/cache",
	"src/following",
	"src/purging/purging.ts",
	"src/commands",
	"src/log/log.ts",
	"src/log/tree.ts",
	"src/log/moving/moves.ts",
	"src/log/questions",
	"src/log/reading/clock.ts",
	"src/listing",
	"src/searching",
	"src/sql",
	"src/subscriptions",
	"src/subscriptions/names.ts",
	"src/positions",
	"src/groups",
	"src/bookkeeping.ts",
	"src/projections",
	"src/projections/script",
	"src/push",
	"src/screens.ts",
	"src/screens",
	"src/upkeep",
	"src/config.ts",
	"src/networks.ts",
	"src/observe",
	"src/observe/numbers",
	"src/observe/otlp",
	"src/log/room",
	"feeds",
	...VALUES,
];

/**
 * The parts, from the core, which knows nothing, to the edge, and what each may import besides
 * itself. A part is a folder or a file; a file belongs to the longest name that fits, so `src/log`
 * is what no other row takes out of that folder. What a part may import is a part, or a path.
 */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
	"feeds/model.ts": [],
	"feeds/parts.ts": ["feeds/model.ts"],
	"feeds/geometry.ts": [],
	"feeds/errors.ts": [],
	"feeds/media.ts": [],
	"feeds/time.ts": [],
	"feeds/xml-parser.ts": [],
	"feeds/json": ["feeds/model.ts", "feeds/parts.ts", "feeds/errors.ts"],
	"feeds/atom": [
		"feeds/json",
		"feeds/model.ts",
		"feeds/parts.ts",
		"feeds/errors.ts",
		"feeds/xml-parser.ts",
	],
	"feeds/ndjson": ["feeds/json", "feeds/model.ts"],
	"feeds/lines": ["feeds/json", "feeds/model.ts", "feeds/errors.ts"],
	"feeds/csv": ["feeds/model.ts"],
	"feeds/event-source": ["feeds/json", "feeds/ndjson", "feeds/model.ts"],
	"feeds/json-feed": ["feeds/json", "feeds/ndjson", "feeds/model.ts", "feeds/parts.ts"],
	"feeds/moving": ["feeds/json", "feeds/ndjson", "feeds/time.ts"],
	"feeds/events": ["feeds/json", "feeds/model.ts", "feeds/errors.ts", "feeds/xml-parser.ts"],
	"feeds/cloudevents": [
		"feeds/events",
		"feeds/json",
		"feeds/model.ts",
		"feeds/parts.ts",
		"feeds/errors.ts",
		"feeds/time.ts",
	],
	"feeds/atompub": ["feeds/atom", "feeds/events", "feeds/json", "feeds/errors.ts"],
	// The tables of formats know every codec.
	"feeds/formats": ["feeds"],
	// Needs nothing but `fetch`: a client stands on it.
	"feeds/exchange": [],
	"feeds/reader": [
		"feeds/exchange",
		"feeds/json",
		"feeds/lines",
		"feeds/model.ts",
		"feeds/geometry.ts",
		"feeds/errors.ts",
		"feeds/time.ts",
	],
	// The reader on Node.js, which knows modules of it.
	"feeds/node": ["feeds/exchange", "feeds/reader", "feeds/groups", "feeds/model.ts"],
	// The package varve-client is this part and what it may import: see client/tsconfig.json.
	"feeds/client": [
		"feeds/exchange",
		"feeds/reader",
		"feeds/groups",
		"feeds/groups/partition.ts",
		"feeds/position/at-server.ts",
		"feeds/writing",
		"feeds/events/encode.ts",
		"feeds/model.ts",
		"feeds/errors.ts",
	],
	// Requests that change something, for as long as it takes.
	"feeds/writing": ["feeds/exchange", "feeds/reader"],
	// The hash and the key are of both sides; the rest is the client's.
	"feeds/groups/partition.ts": [],
	"feeds/groups/key.ts": ["feeds/json", "feeds/model.ts"],
	"feeds/groups": [
		"feeds/groups/partition.ts",
		"feeds/groups/key.ts",
		"feeds/writing",
		"feeds/exchange",
		"feeds/reader",
		"feeds/model.ts",
	],
	"feeds/position/identity.ts": ["feeds/reader"],
	"feeds/position/at-server.ts": [
		"feeds/position/identity.ts",
		"feeds/writing",
		"feeds/exchange",
		"feeds/reader",
	],
	"feeds/position": [
		"feeds/position/identity.ts",
		"feeds/position/at-server.ts",
		"feeds/reader",
		"feeds/model.ts",
	],
	"feeds/proof": [],
	"feeds/index.ts": ["feeds"],

	"src/errors.ts": [],
	"src/event.ts": ["src/errors.ts"],
	"src/up-to.ts": [],
	"src/nearest.ts": [],
	"src/networks.ts": [],
	"src/options": ["feeds/json", "src/errors.ts", "src/nearest.ts"],
	"src/options.ts": ["src/options", "src/nearest.ts"],
	// Knows nothing of what it is told.
	"src/observe": [],
	"src/observe/numbers": [],
	"src/observe/otlp": ["src/observe/numbers", "src/observe/operator-log.ts"],
	"src/indexes": ["feeds/json", "src/event.ts"],
	"src/retention": ["feeds/json", "src/event.ts"],

	// The core states the promises, judges and plans; an engine fetches.
	"src/log": LOG_KNOWS,
	"src/log/room": ["src/errors.ts"],
	"src/log/verify": ["src/log", ...LOG_KNOWS],
	"src/log/memory": ["src/log", "src/log/verify", ...LOG_KNOWS],
	"src/log/memory.ts": ["src/log/memory", "src/log", "src/log/verify", ...LOG_KNOWS],
	"src/log/sqlite/ids": ["feeds/proof"],
	"src/log/sqlite/files": [...SQL, "src/log", ...LOG_KNOWS],
	// What every look-up proves stands below the look-ups.
	"src/log/sqlite/verify": [
		...SQL,
		"src/log/sqlite/files",
		"src/log/verify",
		"src/log",
		...LOG_KNOWS,
	],
	"src/log/sqlite/streams": [...SQL, "src/log/sqlite/verify", "src/log", ...LOG_KNOWS],
	"src/log/sqlite/tree": [
		...SQL,
		"src/log/sqlite/files",
		"src/log/sqlite/verify",
		"src/log/sqlite/streams",
		"src/log/verify",
		"src/log",
		...LOG_KNOWS,
	],
	"src/log/sqlite/erasure": [
		...SQL,
		"src/log/sqlite/files",
		"src/log/sqlite/streams",
		"src/log",
		...LOG_KNOWS,
	],
	"src/log/sqlite/moving": [...SQL, ...SQLITE_PARTS],
	"src/log/sqlite/questions": [...SQL, "src/log/sqlite", ...SQLITE_PARTS],
	"src/log/sqlite": [
		"src/log/sqlite/ids",
		"src/log/sqlite/moving",
		"src/log/sqlite/questions",
		...SQLITE_PARTS,
	],
	"src/log/postgres": ["src/log", "src/log/verify", ...LOG_KNOWS],
	// The only file that knows the engines, besides the engines and the tools for their files.
	"src/log/open.ts": [
		"src/log",
		"src/log/verify",
		"src/log/memory.ts",
		"src/log/questions",
		"src/log/postgres",
		"src/log/sqlite",
		"src/log/sqlite/moving",
		"src/log/sqlite/questions",
		"src/log/sqlite/files",
		"src/log/sqlite/tree",
		"src/log/sqlite/verify",
		...VALUES,
	],

	"src/log/questions": [],
	// The rows of an answer in SQL, as text.
	"src/sql": ["src/log/questions", "feeds"],

	"src/audit": ["src/accounts", "src/log/log.ts", "src/upkeep/files.ts", ...VALUES],
	"src/accounts": ["src/access", "src/log/log.ts", "src/retention", "src/following", ...VALUES],
	"src/access": ["src/log/log.ts", "src/retention", "src/indexes", ...VALUES],
	"src/bookkeeping.ts": [],
	"src/following": ["src/log/log.ts", "src/indexes", "src/bookkeeping.ts", ...VALUES],
	"src/positions": [
		"src/log/log.ts",
		"src/retention",
		"src/following",
		"src/pages/criterion.ts",
		"src/pages/filter.ts",
		"src/bookkeeping.ts",
		...VALUES,
	],
	"src/subscriptions/names.ts": ["src/bookkeeping.ts", ...VALUES],
	"src/subscriptions": [
		"src/subscriptions/names.ts",
		"src/log/log.ts",
		"src/retention",
		"src/indexes",
		"src/following",
		"src/pages/criterion.ts",
		"src/pages/filter.ts",
		"src/searching",
		"src/observe",
		"src/bookkeeping.ts",
		...VALUES,
	],
	"src/groups": [
		"src/log/log.ts",
		"src/retention",
		"src/following",
		"src/pages/criterion.ts",
		"src/pages/filter.ts",
		"src/observe",
		"src/bookkeeping.ts",
		"feeds/groups/key.ts",
		...VALUES,
	],
	// The language and the sandbox of projections know no log: they take and give text.
	"src/projections/script": [],
	"src/projections": [
		"src/projections/script",
		"src/log/log.ts",
		"src/retention",
		"src/indexes",
		"src/commands",
		"src/pages/moment.ts",
		"src/observe/operator-log.ts",
		"src/bookkeeping.ts",
		...VALUES,
	],
	// Sends what streams have to targets elsewhere. What it sends is composed as pages are.
	"src/push": [
		"src/access",
		"src/accounts",
		"src/networks.ts",
		"src/nearest.ts",
		"src/subscriptions",
		"src/subscriptions/names.ts",
		"src/searching",
		"src/pages",
		"src/indexes",
		"src/retention",
		"src/observe",
		"src/bookkeeping.ts",
		"src/log/log.ts",
		"feeds",
		...VALUES,
	],
	"src/pages": ["src/log/log.ts", "src/indexes", "feeds", ...VALUES],
	"src/listing": [
		"src/log/log.ts",
		"src/indexes",
		"src/retention",
		"src/pages/replay.ts",
		...VALUES,
	],
	"src/searching": [
		"src/log/log.ts",
		"src/indexes",
		"src/pages/moment.ts",
		"src/pages/replay.ts",
		"feeds/time.ts",
		...VALUES,
	],
	"src/screens": [
		"src/access",
		"src/subscriptions",
		"src/push",
		"src/projections",
		"src/positions",
		"src/groups",
		"src/commands",
		"src/log/room",
		"src/purging",
		"src/upkeep",
		"src/observe/numbers",
		...VALUES,
	],
	"src/screens-on-demand.ts": ["src/screens.ts"],
	"src/screens.ts": [
		"src/screens",
		"src/access",
		"src/listing",
		"src/searching",
		"src/subscriptions",
		"src/positions",
		"src/groups",
		"src/projections",
		"src/log/log.ts",
		"src/log/questions",
		"src/observe",
		"src/observe/numbers",
		"src/config.ts",
		...VALUES,
	],
	// Beside the log: how it was cared for.
	"src/upkeep/files.ts": [],
	"src/upkeep": ["src/upkeep/files.ts", "src/log/log.ts", "src/observe/operator-log.ts", ...VALUES],
	"src/cache": ["src/event.ts", "src/up-to.ts", "feeds"],
	"src/purging/addresses.ts": [],
	"src/purging": [
		"src/purging/addresses.ts",
		"src/cache/tags.ts",
		"src/retention",
		"src/indexes",
		"src/log/log.ts",
		"feeds/geometry.ts",
		...VALUES,
	],
	"src/commands": [
		"src/observe/operator-log.ts",
		"src/log/log.ts",
		"src/log/moving/moves.ts",
		"src/retention",
		"src/indexes",
		...VALUES,
	],
	"src/config/caching.ts": ["src/options.ts", "src/networks.ts", "src/purging/addresses.ts"],
	"src/config/store.ts": ["src/options.ts", "src/log/postgres/address.ts"],
	"src/config": ["src/options.ts", "src/networks.ts", "src/log/log.ts", "src/errors.ts"],
	"src/config.ts": [
		"src/config",
		"src/config/caching.ts",
		"src/config/store.ts",
		"src/options.ts",
		"src/networks.ts",
		"src/log/log.ts",
		"src/errors.ts",
	],

	"src/http/sockets": ["src/networks.ts", "src/options", ...VALUES],
	// Mints what pages and purging ask for by interfaces of theirs.
	"src/http/urls.ts": [
		"src/pages",
		"src/purging/paths.ts",
		"src/subscriptions/names.ts",
		"src/log/log.ts",
		"feeds",
		...VALUES,
	],
	"src/http/request": ["src/nearest.ts", "src/http/sockets", "src/http/urls.ts", ...HTTP_KNOWS],
	"src/http/context.ts": [
		"src/http/authentication",
		"src/http/sockets",
		"src/http/urls.ts",
		"src/http/request",
		...HTTP_KNOWS,
	],
	"src/http/authentication": ["src/http/sockets", "src/http/request", ...HTTP_KNOWS],
	"src/http/version.ts": [],
	"src/http/answering": [
		"src/http/authentication",
		"src/http/version.ts",
		"src/http/sockets",
		"src/http/urls.ts",
		"src/http/request",
		"src/http/context.ts",
		"src/http/numbers",
		...HTTP_KNOWS,
	],
	"src/http/numbers": ["src/http/context.ts", "src/http/version.ts", ...HTTP_KNOWS],
	"src/http/conditions": [
		"src/http/urls.ts",
		"src/http/request",
		"src/http/context.ts",
		"src/http/answering",
		...HTTP_KNOWS,
	],
	"src/http/handlers": [
		"src/http/version.ts",
		"src/http/urls.ts",
		"src/http/request",
		"src/http/context.ts",
		"src/http/answering",
		"src/http/conditions",
		"src/http/numbers",
		...HTTP_KNOWS,
	],
	// The routes, the lanes and the server, with what they serve by.
	"src/http": [
		"src/options",
		"src/http/version.ts",
		"src/purging/addresses.ts",
		"src/http/authentication",
		"src/http/sockets",
		"src/http/urls.ts",
		"src/http/request",
		"src/http/context.ts",
		"src/http/answering",
		"src/http/conditions",
		"src/http/numbers",
		"src/http/handlers",
		...HTTP_KNOWS,
	],
	// An edge: makes pages for people of what the server hands it.
	admin: [
		"src/screens.ts",
		"src/push",
		"src/upkeep",
		"src/observe",
		"src/observe/numbers",
		"src/config.ts",
		"src/listing",
		"src/searching",
		"src/subscriptions",
		"src/subscriptions/names.ts",
		"src/positions",
		"src/groups",
		"src/projections",
		"src/projections/script",
		"src/pages/as-of",
		"src/log/log.ts",
		"src/log/questions",
		"src/sql",
		"src/retention",
		"src/indexes",
		"src/http/urls.ts",
		"feeds",
		...VALUES,
	],
	"src/told.ts": ["src/observe/operator-log.ts", "src/log/room", ...VALUES],
	"src/main.ts": [
		"src/told.ts",
		"src/accounts/users/first-start.ts",
		"src/screens-on-demand.ts",
		"src/http",
		"src/http/urls.ts",
		"src/http/context.ts",
		"src/http/version.ts",
		"src/purging",
		"src/purging/addresses.ts",
		"src/following",
		"src/cache",
		"src/commands",
		"src/config.ts",
		"src/log",
		"src/log/open.ts",
		"src/log/room",
		"src/observe",
		"src/upkeep",
		...VALUES,
	],

	// An edge: copies the files of a log, and puts them back.
	"src/backup": [
		"src/upkeep",
		"src/log",
		"src/log/verify",
		"src/log/sqlite",
		"src/log/sqlite/files",
		"src/log/sqlite/verify",
		...LOG_KNOWS,
	],
	"src/cli": [
		"src/accounts",
		"src/audit",
		"src/main.ts",
		"src/config.ts",
		// Which addresses let everyone in, for the commands that `serve` prints.
		"src/config/access.ts",
		"src/options.ts",
		"src/nearest.ts",
		"src/observe",
		"src/backup",
		"src/retention",
		"src/indexes",
		"src/log",
		"src/log/open.ts",
		"src/log/questions",
		"src/sql",
		// Tells the address of a database from a directory.
		"src/log/postgres/address.ts",
		// A dry run refuses what the server would, in its words.
		"src/commands/append.ts",
		"src/commands/import.ts",
		"src/http/answering/problems.ts",
		// A projection is tried where it is written.
		"src/projections/script",
		"feeds",
		...VALUES,
	],
};

/** A path's part: the longest name in LAYERS that fits. */
export function layerOf(path: string): string | undefined {
	return Object.keys(LAYERS)
		.filter((layer) => isIn(path, layer))
		.sort((one, other) => other.length - one.length)[0];
}

/** Imports of what does not lie downstream, and of packages that are for other folders. */
export function importsUpstream({ path, imports }: Source): string[] {
	const layer = layerOf(path) ?? "";
	return imports
		.filter(({ ours, target }) => (ours ? !mayImport(layer, target) : !mayUse(path, target)))
		.map(
			({ target, line, ours }) =>
				`:${line}: ${layer} may not import ${ours ? target : `the package ${target}`}; ` +
				"move what it needs downstream (test/structure/layers.ts has the table)",
		);
}

function mayImport(layer: string, target: string): boolean {
	return [layer, ...(LAYERS[layer] ?? [])].some((place) =>
		place in LAYERS ? layerOf(target) === place : isIn(target, place),
	);
}

function mayUse(path: string, name: string): boolean {
	return (
		name.startsWith("node:") || (PACKAGES[name]?.some((folder) => isIn(path, folder)) ?? false)
	);
}

function isIn(path: string, place: string): boolean {
	return path === place || path.startsWith(`${place}/`);
}
