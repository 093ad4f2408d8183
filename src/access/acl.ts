/**
 * Who may do what on a stream: the `$acl` of its metadata, else the defaults of `$settings`, else
 * the built-in ones, for each operation by itself. Contract 9.6.
 */
import { ALL } from "../event.ts";
import { isIndexStream } from "../indexes/joins.ts";
import { aclTextOf } from "../retention/metadata.ts";
import { aclFault } from "../retention/rules.ts";
import { ADMINS, EVERYONE } from "./principal.ts";

export type Operation = "$r" | "$w" | "$d" | "$mr" | "$mw";

/** The users and groups that may do each operation. */
export type Acl = Readonly<Record<Operation, readonly string[]>>;

/** An ACL as it is written: what it leaves out is decided elsewhere. */
export type WrittenAcl = Partial<Acl>;

/** What the newest event of `$settings` says. */
export type DefaultAcls = { readonly user: WrittenAcl; readonly system: WrittenAcl };

const OPERATIONS: readonly Operation[] = ["$r", "$w", "$d", "$mr", "$mw"];
const OF_EVERYONE = aclOfAll([EVERYONE]);
export const OF_ADMINS = aclOfAll([ADMINS]);
/** Index streams are the log's own; everyone may read what they may read of the entries. */
const OF_INDEXES: Acl = { ...OF_ADMINS, $r: [EVERYONE], $mr: [EVERYONE] };
export const NO_DEFAULTS: DefaultAcls = { user: {}, system: {} };

/**
 * The ACL of a metadata document. One that cannot be read lets in admins alone: the server refuses
 * such a document, but an older version took it, and an import brings what was taken elsewhere.
 */
export function aclOfMetadata(metadata: Uint8Array): WrittenAcl {
	const text = aclTextOf(metadata);
	if (text === "unreadable") return OF_ADMINS;
	return text === undefined ? {} : parseAcl(text);
}

/** @param data of the newest event of `$settings`; what cannot be read leaves admins alone */
export function defaultsOf(data: Uint8Array): DefaultAcls {
	const settings = parse(Buffer.from(data).toString());
	if (!isObject(settings)) return { user: OF_ADMINS, system: OF_ADMINS };
	const of = (key: string) => {
		if (!Object.hasOwn(settings, key)) return {};
		return parseAcl(JSON.stringify((settings as Record<string, unknown>)[key]));
	};
	return { user: of("$userStreamAcl"), system: of("$systemStreamAcl") };
}

/**
 * Streams of which nothing was written share one object, as most do.
 * @param written the ACL of the stream's own metadata
 * @param isAllOpen whether everyone may read `$all` if nothing else is said of it
 */
export function effectiveAcl(
	stream: string,
	written: WrittenAcl,
	defaults: DefaultAcls,
	isAllOpen: boolean,
): Acl {
	const own = builtIn(stream, isAllOpen);
	const standard = stream.startsWith("$") ? defaults.system : defaults.user;
	return saysNothing(standard) && saysNothing(written) ? own : { ...own, ...standard, ...written };
}

function saysNothing(written: WrittenAcl): boolean {
	return Object.keys(written).length === 0;
}

function builtIn(stream: string, isAllOpen: boolean): Acl {
	if (!stream.startsWith("$")) return OF_EVERYONE;
	if (isIndexStream(stream) || (stream === ALL && isAllOpen)) return OF_INDEXES;
	return OF_ADMINS;
}

function parseAcl(text: string): WrittenAcl {
	const acl = parse(text);
	if (!isObject(acl) || aclFault(text) !== undefined) return OF_ADMINS;
	const written: Partial<Record<Operation, readonly string[]>> = {};
	for (const operation of OPERATIONS) {
		if (Object.hasOwn(acl, operation)) {
			written[operation] = [(acl as Acl)[operation]].flat() as readonly string[];
		}
	}
	return written;
}

function aclOfAll(roles: readonly string[]): Acl {
	return { $r: roles, $w: roles, $d: roles, $mr: roles, $mw: roles };
}

function isObject(value: unknown): value is object {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
