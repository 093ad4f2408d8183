/** What a projection is: how it was made, and by whom; and how events of the log say so. */
import { isJsonObject, parseObject } from "./json.ts";
import { type ProjectionSettings, settingsIn } from "./settings.ts";

export const MODES = ["Transient", "OneTime", "Continuous"] as const;
export type Mode = (typeof MODES)[number];

export type Definition = Wanted & {
	readonly name: string;
	/** A UUID: a projection that is made anew under a name is another one. */
	readonly id: string;
	readonly mode: Mode;
	readonly isEnabled: boolean;
	/** Grows with each reset. Events that were emitted in another epoch are other events. */
	readonly epoch: number;
	/** Which stream keeps its states: see `checkpointStream`. */
	readonly kept: number;
	/** A query that runs beside this one until it takes its place. */
	readonly candidate: Candidate | undefined;
	/** What is deleted with it, if it is being deleted. */
	readonly deletes?: StreamsToDelete | undefined;
};

export type StreamsToDelete = {
	/** Its results. */
	readonly state: boolean;
	readonly checkpoint: boolean;
	/** Those that it has written, as far as it has noted them. */
	readonly emitted: boolean;
};

/** What changes with a query. */
export type Wanted = {
	readonly query: string;
	/** Grows with each change of the query. */
	readonly version: number;
	readonly settings: ProjectionSettings;
	/** Whoever wrote the query. It reads and writes what they may. */
	readonly author: Author;
};

export type Candidate = Wanted & { readonly kept: number };

/** Somebody as the server knew them. Their groups are looked up again at each start. */
export type Author = {
	/** "" for a client without a name, on a server that lets those do everything. */
	readonly login: string;
	readonly groups: readonly string[];
	readonly via: string;
	/** The scope of the token that they showed, if it was one. */
	readonly scope: AuthorScope | undefined;
};

export type AuthorScope = {
	readonly mayRead: boolean;
	readonly mayWrite: boolean;
	readonly prefixes: readonly string[] | undefined;
};

export const NOBODY: Author = { login: "", groups: [], via: "anonymous", scope: undefined };

/** A change of the query or the settings that is only tried: it leaves the rest as it is. */
export function wantedOf({ query, version, settings, author }: Wanted): Wanted {
	return { query, version, settings, author };
}

/**
 * Reads the data of `$ProjectionUpdated`. Whoever may write to the stream may have written
 * anything: what makes no sense is no definition.
 */
export function definitionIn(name: string, data: Uint8Array): Definition | undefined {
	const found = parseObject(data);
	const { id, mode, isEnabled, epoch, kept, candidate, deletes } = found ?? {};
	const wanted = wantedIn(found);
	const known = MODES.find((each) => each === mode);
	if (wanted === undefined || known === undefined || typeof id !== "string") return undefined;
	const other = isJsonObject(candidate) ? wantedIn(candidate) : undefined;
	return {
		...wanted,
		name,
		id,
		mode: known,
		isEnabled: isEnabled === true,
		epoch: wholeIn(epoch),
		kept: wholeIn(kept),
		candidate: other && { ...other, kept: wholeIn((candidate as { kept?: unknown }).kept) },
		deletes: isJsonObject(deletes) ? deletesIn(deletes) : undefined,
	};
}

function deletesIn({ state, checkpoint, emitted }: { [name: string]: unknown }): StreamsToDelete {
	return { state: state === true, checkpoint: checkpoint === true, emitted: emitted === true };
}

function wantedIn(found: unknown): Wanted | undefined {
	if (!isJsonObject(found) || typeof found.query !== "string") return undefined;
	return {
		query: found.query,
		version: wholeIn(found.version),
		settings: settingsIn(found.settings),
		author: authorIn(found.author),
	};
}

function authorIn(value: unknown): Author {
	if (!isJsonObject(value) || typeof value.login !== "string") return NOBODY;
	const { login, groups, via, scope } = value;
	return {
		login,
		groups: textsIn(groups) ?? [],
		via: typeof via === "string" ? via : "password",
		scope: isJsonObject(scope)
			? {
					mayRead: scope.mayRead === true,
					mayWrite: scope.mayWrite === true,
					// A scope that cannot be read must not open anything.
					prefixes: scope.prefixes === undefined ? undefined : (textsIn(scope.prefixes) ?? []),
				}
			: undefined,
	};
}

function textsIn(value: unknown): readonly string[] | undefined {
	if (!Array.isArray(value)) return undefined;
	return value.filter((each): each is string => typeof each === "string");
}

function wholeIn(value: unknown): number {
	return Number.isSafeInteger(value) ? (value as number) : 0;
}
